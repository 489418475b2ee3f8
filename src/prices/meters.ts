/**
 * What a provider counts and bills. The meters are a partition: each token of a request is counted by exactly one of them.
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

/** How many of each meter a request used; a meter that is missing counts 0. */
export type MeterCounts = Readonly<Partial<Record<Meter, number>>>;

interface MeterRow {
  /** Prices are stated for this many: tokens by the million, searches by the thousand, seconds by the hour. */
  readonly block: number;
  /** The meter whose price holds where this one has none. `free`: it costs nothing then. `needed`: the cost is not known. */
  readonly fallback: Meter | 'free' | 'needed';
  /** Whether it counts tokens of the input, whose number decides which price holds. */
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

/** The whole and its parts as a provider reports them. Parts may overlap nobody; what is unknown is undefined. */
export interface ReportedUse {
  /** All of the input, cached or not. */
  readonly input: number;
  readonly cached?: number | undefined;
  readonly cacheWrite?: number | undefined;
  /** The part of `cacheWrite` that is kept for an hour. */
  readonly cacheWrite1h?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly imageInput?: number | undefined;
  /** All of the output, reasoning included. */
  readonly output: number;
  readonly reasoning?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  readonly webSearches?: number | undefined;
}

/**
 * Divides what was reported among the meters. A part that is larger than what is left of its whole is cut to it, so that nothing is
 * counted twice and nothing is negative.
 */
export function metersOf(use: ReportedUse): MeterCounts {
  const input = splitter(use.input);
  const hour = Math.min(count(use.cacheWrite1h), count(use.cacheWrite));
  const counts: Partial<Record<Meter, number>> = {
    cached: input.take(use.cached),
    cache_write: input.take(count(use.cacheWrite) - hour),
    cache_write_1h: input.take(hour),
    audio_input: input.take(use.audioInput),
    image_input: input.take(use.imageInput),
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

/** Tokens of the input in these counts. */
export function inputIn(counts: MeterCounts): number {
  let tokens = 0;
  for (const meter of METER_NAMES) if (METERS[meter].isInput) tokens += counts[meter] ?? 0;
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
