/**
 * All series of one metric, as plain data: what is rendered, and what workers send each other. `merge` says how the
 * series of several processes become one.
 */
export interface FamilyDump {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly merge: Merge;
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending, without +Inf; none where it is no histogram. */
  readonly bounds: readonly number[];
  readonly series: readonly SeriesDump[];
}

export interface SeriesDump {
  readonly labels: readonly string[];
  /** A counter's or gauge's value, or the sum of what a histogram observed. */
  readonly value: number;
  /** Observations by bucket, not added up, the last one for +Inf; empty where it is no histogram. */
  readonly counts: readonly number[];
  /** When the value was noted, where the latest one counts; else 0. */
  readonly atMs: number;
}

export type Merge = 'sum' | 'max' | 'min' | 'latest';

export interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** Default: sum. */
  readonly merge?: Merge;
}

/**
 * No metric has more series than this and one. Labels are names of the configuration, so that a large one may still
 * multiply them: what comes later is counted in a series whose labels are all `other`, and totals stay exact.
 */
export const MOST_SERIES = 5_000;

/** One counter or gauge with its labels. Whoever counts often keeps it, and pays for an addition. */
export interface NumberSeries {
  value: number;
  /** To be set along with the value, by the gateway's clock, where the latest one counts. */
  atMs: number;
}

/** A counter, which only grows, or a gauge. */
export class NumberFamily {
  readonly #options: FamilyOptions & { readonly type: 'counter' | 'gauge' };
  readonly #series = new Map<string, NumberSeries & { readonly labels: readonly string[] }>();

  constructor(options: FamilyOptions & { readonly type: 'counter' | 'gauge' }) {
    this.#options = options;
  }

  /** The series with these values of the labels, in their order; it begins with 0. */
  series(...labels: readonly string[]): NumberSeries {
    return seriesOf(this.#series, labels, (own) => ({ labels: own, value: 0, atMs: 0 }));
  }

  /** Forgets the series that `keeps` refuses. Only for gauges: a counter that vanishes is no longer monotone. */
  retain(keeps: (labels: readonly string[]) => boolean): void {
    for (const [key, { labels }] of this.#series) if (!keeps(labels)) this.#series.delete(key);
  }

  dump(): FamilyDump {
    const { type } = this.#options;
    const series = [...this.#series.values()].map((one) => ({ ...one, counts: [] }));
    return { ...described(this.#options), type, bounds: [], series };
  }
}

/** A histogram with fixed buckets. */
export class HistogramFamily {
  readonly #options: FamilyOptions & { readonly bounds: readonly number[] };
  readonly #series = new Map<string, HistogramSeries>();

  constructor(options: FamilyOptions & { readonly bounds: readonly number[] }) {
    this.#options = options;
  }

  /** The series with these values of the labels, in their order. */
  series(...labels: readonly string[]): HistogramSeries {
    return seriesOf(this.#series, labels, (own) => new HistogramSeries(own, this.#options.bounds));
  }

  dump(): FamilyDump {
    const { bounds } = this.#options;
    const series = [...this.#series.values()].map((one) => one.dump());
    return { ...described(this.#options), type: 'histogram', bounds, series };
  }
}

/** One histogram with its labels. */
export class HistogramSeries {
  readonly #labels: readonly string[];
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: readonly string[], bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    // A dozen buckets: walking is faster than halving.
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  dump(): SeriesDump {
    return { labels: this.#labels, value: this.#sum, counts: [...this.#counts], atMs: 0 };
  }
}

/** No label holds it: names in the configuration are text, and everything else is a fixed word. */
const SEPARATOR = '\u001F';

function seriesOf<T>(
  known: Map<string, T>,
  labels: readonly string[],
  make: (own: readonly string[]) => T,
): T {
  const key = labels.length === 1 ? (labels[0] ?? '') : labels.join(SEPARATOR);
  const found = known.get(key);
  if (found !== undefined) return found;
  const isFull = known.size >= MOST_SERIES;
  const own = isFull ? labels.map(() => 'other') : labels;
  const ownKey = isFull ? own.join(SEPARATOR) : key;
  const made = known.get(ownKey) ?? make(own);
  known.set(ownKey, made);
  return made;
}

function described({ name, help, labelNames = [], merge = 'sum' }: FamilyOptions): {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly merge: Merge;
} {
  return { name, help, labelNames, merge };
}
