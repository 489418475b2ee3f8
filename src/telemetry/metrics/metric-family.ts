/**
 * All series of one metric as plain data, for rendering and for sending between processes. `merge` is how the series of
 * several processes are combined.
 */
export interface FamilyDump {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly merge: Merge;
  readonly labelNames: readonly string[];
  /** Upper bounds in ascending order, without +Inf; empty if it is not a histogram. */
  readonly bounds: readonly number[];
  readonly series: readonly SeriesDump[];
}

export interface SeriesDump {
  readonly labels: readonly string[];
  /** The value of a counter or gauge, or the sum of a histogram's observations. */
  readonly value: number;
  /** Observations per bucket, not cumulative, the last one for +Inf; empty if it is not a histogram. */
  readonly counts: readonly number[];
  /** When the value was set, if the latest one counts; otherwise 0. */
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
 * The maximum number of series per metric, plus one. Labels are names from the configuration, which may multiply in a
 * large one. Further combinations are counted in a series whose labels are all `other`, so totals stay exact.
 */
export const MOST_SERIES = 5_000;

/** One counter or gauge with its labels. Keep it for frequent counting, which then costs an addition. */
export interface NumberSeries {
  value: number;
  /** Set this along with the value, by the gateway's clock, if the latest value counts. */
  atMs: number;
}

/** A counter, which only grows, or a gauge. */
export class NumberFamily {
  readonly #options: FamilyOptions & { readonly type: 'counter' | 'gauge' };
  readonly #series = new Map<string, NumberSeries & { readonly labels: readonly string[] }>();

  constructor(options: FamilyOptions & { readonly type: 'counter' | 'gauge' }) {
    this.#options = options;
  }

  /** The series with these label values, in order; it starts with 0. */
  series(...labels: readonly string[]): NumberSeries {
    return seriesOf(this.#series, labels, (own) => ({ labels: own, value: 0, atMs: 0 }));
  }

  /** Removes the series for which `keeps` returns false. For gauges only: a counter must not vanish. */
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

  /** The series with these label values, in order. */
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
    // With a dozen buckets, linear search is faster than binary search.
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  dump(): SeriesDump {
    return { labels: this.#labels, value: this.#sum, counts: [...this.#counts], atMs: 0 };
  }
}

/** Does not occur in labels: names in the configuration are text, and all other values are fixed words. */
const SEPARATOR = '\u001F';

function seriesOf<T>(
  known: Map<string, T>,
  labels: readonly string[],
  make: (own: readonly string[]) => T,
): T {
  const key = keyOf(labels);
  const found = known.get(key);
  if (found !== undefined) return found;
  const isFull = known.size >= MOST_SERIES;
  const own = isFull ? labels.map(() => 'other') : labels;
  const ownKey = isFull ? own.join(SEPARATOR) : key;
  const made = known.get(ownKey) ?? make(own);
  known.set(ownKey, made);
  return made;
}

/** Joins the labels. Concatenation costs a fraction of `join`. */
function keyOf(labels: readonly string[]): string {
  let key = labels[0] ?? '';
  for (let index = 1; index < labels.length; index++) key += SEPARATOR + (labels[index] ?? '');
  return key;
}

function described({ name, help, labelNames = [], merge = 'sum' }: FamilyOptions): {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly merge: Merge;
} {
  return { name, help, labelNames, merge };
}

/** A counter whose series of several processes are added. */
export function counter(name: string, help: string, labelNames: readonly string[]): NumberFamily {
  return new NumberFamily({ type: 'counter', name, help, labelNames });
}

/** A gauge whose series of several processes are added. */
export function gauge(name: string, help: string, labelNames: readonly string[]): NumberFamily {
  return new NumberFamily({ type: 'gauge', name, help, labelNames });
}

/** A histogram with these upper bounds. */
export function histogram(
  name: string,
  help: string,
  labelNames: readonly string[],
  bounds: readonly number[],
): HistogramFamily {
  return new HistogramFamily({ name, help, labelNames, bounds });
}
