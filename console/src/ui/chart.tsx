import { lazy, type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { colorOf, type ChartProps } from './chart-line.ts';
import { Skeleton } from './states.tsx';

// Begun at once: each page that imports this module draws a chart.
const loading = import('./chart-canvas.tsx');
loading.catch(() => undefined);
const Canvas = lazy(async () => ({ default: (await loading).ChartCanvas }));

/** Values over time. The legend tells what the last values are to those who cannot see the drawing. */
export function Chart(props: ChartProps): ReactNode {
  const { t } = useTranslation();
  const { height = 180, label, lines, times, emptyText = t('No data in this period') } = props;
  const isEmpty = times.length === 0 || lines.every(({ values }) => values.every((value) => !value));
  return (
    <figure className="chart" aria-label={label}>
      <Suspense fallback={<Skeleton height={`${height}px`} />}>
        <Canvas {...props} />
      </Suspense>
      {isEmpty && (
        <figcaption className="chart-empty">
          <span>{emptyText}</span>
        </figcaption>
      )}
    </figure>
  );
}

/** Names the lines of a chart. */
export function Legend({
  lines,
  format,
}: Pick<ChartProps, 'lines'> & { format?: ChartProps['format'] }): ReactNode {
  return (
    <ul className="legend">
      {lines.map(({ label, color, values }) => (
        <li key={label}>
          <span className="swatch" style={{ background: `var(${colorOf(color)})` }} />
          <span className="truncate">{label}</span>
          {format && (
            <span className="muted num">{format(values.findLast((value) => value !== null) ?? 0)}</span>
          )}
        </li>
      ))}
    </ul>
  );
}
