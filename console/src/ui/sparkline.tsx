import type { ReactNode } from 'react';

interface SparklineProps {
  readonly values: readonly (number | null)[];
  readonly height?: number;
  /** The value at the top; left out: the largest. */
  readonly max?: number;
}

/** A line without axes. Gaps stay gaps. */
export function Sparkline({ values, height = 28, max }: SparklineProps): ReactNode {
  const top = Math.max(max ?? 0, ...values.map((value) => value ?? 0), 1e-9);
  const width = Math.max(values.length - 1, 1);
  const y = (value: number): number => height - 1 - (value / top) * (height - 3);
  let isDrawing = false;
  const line = values
    .map((value, x) => {
      if (value === null) {
        isDrawing = false;
        return '';
      }
      const step = `${isDrawing ? 'L' : 'M'}${x},${y(value).toFixed(1)}`;
      isDrawing = true;
      return step;
    })
    .join('');
  const hasGap = values.includes(null);
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      height={height}
      preserveAspectRatio="none"
      aria-hidden
    >
      {!hasGap && values.length > 1 && <path className="area" d={`${line}V${height}H0Z`} />}
      <path d={line} />
    </svg>
  );
}
