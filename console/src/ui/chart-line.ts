export interface ChartLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** One of the eight colours of charts, or `bad`. */
  readonly color: number | 'bad';
  readonly kind?: 'line' | 'area' | 'bars';
}

export interface ChartProps {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
  /** The text of a mark of the axis, which may be shorter; `step` is the distance between two marks. By default `format` writes it. */
  readonly formatMark?: (value: number, step: number) => string;
  readonly stacked?: boolean;
  /** The width of the drawing in seconds, which ends with the last value. By default the values fill it. */
  readonly seconds?: number;
  /** The values are counts: no step of the axis is a fraction. */
  readonly isWhole?: boolean;
  readonly height?: number;
  /** For screen readers. */
  readonly label: string;
  /** The text if all values are 0 or missing. */
  readonly emptyText?: string | undefined;
  /** Called with the span that was marked, in seconds since 1970. */
  readonly onSelect?: (from: number, to: number) => void;
}

/** The token of a colour. */
export function colorOf(color: ChartLine['color']): string {
  return color === 'bad' ? '--red' : `--chart-${(color % 8) + 1}`;
}
