import {
  columnVisibilityFeature,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useMemo, useState } from 'react';
import { classes } from './button.tsx';
import { type Column, SortHeader } from './sort-header.tsx';

const features = tableFeatures({
  rowSortingFeature,
  columnVisibilityFeature,
  sortedRowModel: createSortedRowModel(),
});

const ROW_PX = 36;

export interface DataTableProps<Row extends object> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: string | undefined;
  readonly hidden?: readonly string[];
  /** Shown instead of rows. */
  readonly empty?: ReactNode;
  /** The height of the scrolling part, such as `60vh`. By default it is as high as its rows. */
  readonly maxHeight?: string;
  /** Called when the last rows come into view. */
  readonly onEnd?: () => void;
  readonly foot?: ReactNode;
  readonly isNew?: (row: Row) => boolean;
}

/** A table that sorts, and draws only the rows that are in view. */
export function DataTable<Row extends object>(props: DataTableProps<Row>): ReactNode {
  const { label, rows, columns, keyOf, hidden, maxHeight, empty, foot } = props;
  // Known only after the rows were drawn for the first time, which therefore draws them again.
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const definitions = useMemo(
    () =>
      columns.map((column) => ({
        id: column.id,
        // A column without a value to sort by is not sorted.
        accessorFn: (row: Row) => column.sortBy?.(row) ?? undefined,
        enableSorting: column.sortBy !== undefined,
        sortUndefined: 'last' as const,
        sortFn: compare,
      })),
    [columns],
  );
  const columnVisibility = useMemo(
    () => Object.fromEntries((hidden ?? []).map((id) => [id, false])),
    [hidden],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: keyOf,
    state: { columnVisibility },
  });
  const visible = columns.filter(({ id }) => !hidden?.includes(id));
  const sorted = table.getRowModel().rows.map(({ original }) => original);
  return (
    <div
      ref={setScroller}
      className="table-wrap"
      style={maxHeight === undefined ? {} : { maxHeight }}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      <table className="table" aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {visible.map((column) => (
              <SortHeader key={column.id} column={column} sort={table.getColumn(column.id)} />
            ))}
          </tr>
        </thead>
        <Body {...props} rows={sorted} columns={visible} scroller={scroller} />
        {foot !== undefined && <tfoot>{foot}</tfoot>}
      </table>
      {rows.length === 0 && empty}
    </div>
  );
}

interface Cells {
  readonly getValue: (id: string) => unknown;
}

function compare(one: Cells, other: Cells, id: string): number {
  const [left, right] = [one.getValue(id), other.getValue(id)];
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return String(left).localeCompare(String(right), undefined, { numeric: true });
}

interface BodyProps<Row extends object> extends DataTableProps<Row> {
  readonly scroller: HTMLDivElement | null;
}

function Body<Row extends object>(props: BodyProps<Row>): ReactNode {
  const { rows, columns, keyOf, onOpen, selected, scroller, onEnd, isNew } = props;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller,
    estimateSize: () => ROW_PX,
    overscan: 12,
    // Without a height of its own the table is as high as its rows, all of which are in view.
    enabled: rows.length > 60,
    onChange: ({ range }) => {
      if (range && range.endIndex >= rows.length - 5) onEnd?.();
    },
  });
  const items = rows.length > 60 ? virtual.getVirtualItems() : undefined;
  const first = items?.[0]?.start ?? 0;
  const last = items ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;
  const shown = items ? items.map(({ index }) => index) : rows.map((_, index) => index);
  return (
    <tbody>
      {first > 0 && <Spacer height={first} columns={columns.length} />}
      {shown.map((index) => {
        const row = rows[index];
        if (row === undefined) return null;
        return (
          <tr
            key={keyOf(row)}
            aria-rowindex={index + 2}
            className={classes(onOpen && 'is-link', isNew?.(row) && 'is-new')}
            {...(onOpen && { ...opening(() => onOpen(row)), 'aria-selected': selected === keyOf(row) })}
          >
            {columns.map((column) => (
              <td
                key={column.id}
                className={classes(
                  column.isNumber && 'is-number num',
                  column.isMinor && 'is-minor',
                  column.className,
                )}
              >
                {column.cell(row)}
              </td>
            ))}
          </tr>
        );
      })}
      {last > 0 && <Spacer height={last} columns={columns.length} />}
    </tbody>
  );
}

/** A row opens by a click, Enter and Space; the arrow keys go to its neighbours. */
function opening(open: () => void): object {
  return {
    tabIndex: 0,
    onClick: (event: { target: EventTarget }) => {
      if (!(event.target instanceof Element && event.target.closest('a, button, input, label'))) open();
    },
    onKeyDown: (event: KeyboardEvent<HTMLTableRowElement>) => {
      if (event.target !== event.currentTarget) return;
      if (event.key === 'Enter' || event.key === ' ') {
        // Space would scroll the row, and with it the focus, out of view.
        event.preventDefault();
        open();
        return;
      }
      const to =
        event.key === 'ArrowDown'
          ? event.currentTarget.nextElementSibling
          : event.key === 'ArrowUp'
            ? event.currentTarget.previousElementSibling
            : null;
      if (!(to instanceof HTMLElement)) return;
      event.preventDefault();
      to.focus();
    },
  };
}

function Spacer({ height, columns }: { height: number; columns: number }): ReactNode {
  return (
    <tr aria-hidden>
      <td colSpan={columns} style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}
