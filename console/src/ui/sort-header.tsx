import { ArrowDown, ArrowUp } from 'lucide-react';
import type { ReactNode } from 'react';
import { classes } from './button.tsx';

/** A column of a `DataTable`. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** The value that the column is sorted by. Without it, the column is not sortable. */
  readonly sortBy?: (row: Row) => string | number | null | undefined;
  readonly isNumber?: boolean;
  readonly className?: string;
  /** A phone hides the column. The opened row shows its value. */
  readonly isMinor?: boolean;
  /** Its title is for screen readers alone. */
  readonly hideTitle?: boolean;
}

interface Sortable {
  readonly getIsSorted: () => false | 'asc' | 'desc';
  readonly getToggleSortingHandler: () => ((event: unknown) => void) | undefined;
}

interface SortHeaderProps {
  readonly column: Pick<Column<never>, 'title' | 'isNumber' | 'isMinor' | 'sortBy' | 'hideTitle'>;
  readonly sort: Sortable | undefined;
}

/** The heading of a column, which sorts by it. */
export function SortHeader({ column, sort }: SortHeaderProps): ReactNode {
  const order = sort?.getIsSorted() ?? false;
  const title = <span className={column.hideTitle ? 'visually-hidden' : ''}>{column.title}</span>;
  return (
    <th
      scope="col"
      className={classes(column.isNumber && 'is-number', column.isMinor && 'is-minor')}
      {...(order !== false && { 'aria-sort': order === 'asc' ? 'ascending' : 'descending' })}
    >
      {column.sortBy && sort ? (
        <button type="button" className="sort" onClick={sort.getToggleSortingHandler()}>
          {title}
          {order === 'asc' && <ArrowUp aria-hidden />}
          {order === 'desc' && <ArrowDown aria-hidden />}
        </button>
      ) : (
        title
      )}
    </th>
  );
}
