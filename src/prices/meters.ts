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
 * Divides the reported usage of one request, or of several, among the meters. Cuts a part that exceeds the rest of its whole, so that nothing is
 * counted twice and no count is negative.
 */
export function metersOf(use: ReportedUse, requests = 1): MeterCounts {
  const whole = count(use.input);
  const writes = count(use.cacheWrite);
  const hour = Math.min(count(use.cacheWrite1h), writes);
  const read = partOf(use.cached, whole);
  const heard = Math.min(partOf(use.cachedAudio, read), count(use.audioInput));
  const seen = Math.min(partOf(use.cachedImage, read - heard), count(use.imageInput));
  const cached = read - heard - seen;
  const write = partOf(writes - hour, whole - read);
  const write1h = partOf(hour, whole - read - write);
  const audio = partOf(count(use.audioInput) - heard, whole - read - write - write1h);
  const image = partOf(count(use.imageInput) - seen, whole - read - write - write1h - audio);
  const output = count(use.output);
  const reasoning = partOf(use.reasoning, output);
  const spoken = partOf(use.audioOutput, output - reasoning);
  const drawn = partOf(use.imageOutput, output - reasoning - spoken);
  return {
    cached,
    cached_audio: heard,
    cached_image: seen,
    cache_write: write,
    cache_write_1h: write1h,
    audio_input: audio,
    image_input: image,
    input: whole - read - write - write1h - audio - image,
    reasoning,
    audio_output: spoken,
    image_output: drawn,
    output: output - reasoning - spoken - drawn,
    web_search: count(use.webSearches),
    request: requests,
  };
}

/** The number of input tokens in these counts. */
export function inputIn(counts: MeterCounts): number {
  let tokens = 0;
  for (const meter of INPUT_METERS) tokens += counts[meter] ?? 0;
  return tokens;
}

/** As much of a part as the rest of its whole has room for. */
function partOf(part: number | undefined, rest: number): number {
  return Math.min(count(part), rest);
}

function count(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}
