/**
 * A quantity that a provider counts and bills. Meters partition the usage: exactly one of them counts each token of a
 * request.
 */
export type Meter =
  | 'input'
  | 'cached'
  | 'cache_write'
  | 'cache_write_1h'
  | 'audio_input'
  | 'cached_audio'
  | 'image_input'
  | 'cached_image'
  | 'output'
  | 'reasoning'
  | 'audio_output'
  | 'image_output'
  | 'web_search'
  | 'second'
  | 'character'
  | 'image'
  | 'page'
  | 'request';

/** The quantity of each meter that a request used. A missing meter counts 0. */
export type MeterCounts = Readonly<Partial<Record<Meter, number>>>;

interface MeterRow {
  /** The number of units that a price is for: a million tokens, a thousand searches, an hour of seconds. */
  readonly block: number;
  /**
   * The meter whose price applies if this one has none. `free`: it then costs nothing. `needed`: the cost is unknown.
   */
  readonly fallback: Meter | 'free' | 'needed';
  /** Whether it counts input tokens. Their number decides which price applies. */
  readonly isInput?: true;
}

const MILLION = 1_000_000;

export const METERS: Readonly<Record<Meter, MeterRow>> = {
  input: { block: MILLION, fallback: 'needed', isInput: true },
  cached: { block: MILLION, fallback: 'input', isInput: true },
  cache_write: { block: MILLION, fallback: 'input', isInput: true },
  cache_write_1h: { block: MILLION, fallback: 'cache_write', isInput: true },
  audio_input: { block: MILLION, fallback: 'input', isInput: true },
  cached_audio: { block: MILLION, fallback: 'cached', isInput: true },
  image_input: { block: MILLION, fallback: 'input', isInput: true },
  cached_image: { block: MILLION, fallback: 'cached', isInput: true },
  output: { block: MILLION, fallback: 'needed' },
  reasoning: { block: MILLION, fallback: 'output' },
  audio_output: { block: MILLION, fallback: 'output' },
  image_output: { block: MILLION, fallback: 'output' },
  web_search: { block: 1000, fallback: 'free' },
  second: { block: 3600, fallback: 'needed' },
  character: { block: MILLION, fallback: 'needed' },
  image: { block: 1, fallback: 'needed' },
  page: { block: 1000, fallback: 'needed' },
  request: { block: 1000, fallback: 'free' },
};

export const METER_NAMES = Object.keys(METERS) as readonly Meter[];

const INPUT_METERS = METER_NAMES.filter((meter) => METERS[meter].isInput);

/** The totals and their parts as a provider reports them. Parts must not overlap. Unknown counts are undefined. */
export interface ReportedUse {
  /** The whole input, cached or not. */
  readonly input: number;
  readonly cached?: number | undefined;
  readonly cacheWrite?: number | undefined;
  /** The part of `cacheWrite` that is kept for an hour. */
  readonly cacheWrite1h?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly imageInput?: number | undefined;
  /** The cached parts of `audioInput` and `imageInput`. */
  readonly cachedAudio?: number | undefined;
  readonly cachedImage?: number | undefined;
  /** The whole output, including reasoning. */
  readonly output: number;
  readonly reasoning?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  readonly webSearches?: number | undefined;
}

/**
 * Divides the reported usage among the meters. Cuts a part that exceeds the rest of its whole, so that nothing is
 * counted twice and no count is negative.
 */
export function metersOf(use: ReportedUse): MeterCounts {
  const input = splitter(use.input);
  const hour = Math.min(count(use.cacheWrite1h), count(use.cacheWrite));
  const cachedAudio = Math.min(count(use.cachedAudio), count(use.cached), count(use.audioInput));
  const cachedImage = Math.min(
    count(use.cachedImage),
    count(use.cached) - cachedAudio,
    count(use.imageInput),
  );
  const counts: Partial<Record<Meter, number>> = {
    cached_audio: input.take(cachedAudio),
    cached_image: input.take(cachedImage),
    cached: input.take(count(use.cached) - cachedAudio - cachedImage),
    cache_write: input.take(count(use.cacheWrite) - hour),
    cache_write_1h: input.take(hour),
    audio_input: input.take(count(use.audioInput) - cachedAudio),
    image_input: input.take(count(use.imageInput) - cachedImage),
  };
  counts.input = input.rest();
  const output = splitter(use.output);
  counts.reasoning = output.take(use.reasoning);
  counts.audio_output = output.take(use.audioOutput);
  counts.image_output = output.take(use.imageOutput);
  counts.output = output.rest();
  counts.web_search = count(use.webSearches);
  return counts;
}

/** The number of input tokens in these counts. */
export function inputIn(counts: MeterCounts): number {
  let tokens = 0;
  for (const meter of INPUT_METERS) tokens += counts[meter] ?? 0;
  return tokens;
}

function splitter(whole: number): {
  readonly take: (part: number | undefined) => number;
  readonly rest: () => number;
} {
  let left = count(whole);
  return {
    take(part) {
      const taken = Math.min(count(part), left);
      left -= taken;
      return taken;
    },
    rest: () => left,
  };
}

function count(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}
