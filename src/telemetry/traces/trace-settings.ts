import { type Sampler, samplerNamed } from './trace-sampler.ts';

/** OpenTelemetry's environment variables about traces, except those that only the exporter reads. */
export interface TraceSettings {
  /** The address that spans are sent to. */
  readonly url: string;
  readonly sampler: Sampler;
  readonly batch: BatchSettings;
}

/** Unset values have defaults in the exporter. */
export interface BatchSettings {
  /** How long spans may wait for others. */
  readonly scheduledDelayMillis?: number;
  /** How long one batch may take. */
  readonly exportTimeoutMillis?: number;
  /** The maximum number of waiting spans; further ones are dropped. */
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
}

export interface TraceSettingsReading {
  /** undefined: nothing is traced. */
  readonly settings: TraceSettings | undefined;
  /** The invalid values, one sentence each. */
  readonly problems: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the variables. Without an endpoint nothing is traced; invalid values are ignored. */
export function readTraceSettings(env: Environment): TraceSettingsReading {
  const problems: string[] = [];
  if (!isOn(env)) return { settings: undefined, problems };
  const url = urlOf(env, problems);
  if (url === undefined) return { settings: undefined, problems };
  const protocol = valueOf(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== undefined && protocol !== 'http/json') {
    problems.push(`traces are sent as http/json to ${new URL(url).host}, not as ${protocol}`);
  }
  const settings = { url, sampler: samplerOf(env, problems), batch: batchOf(env, problems) };
  return { settings, problems };
}

function isOn(env: Environment): boolean {
  if (valueOf(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false;
  const exporters = valueOf(env, 'OTEL_TRACES_EXPORTER') ?? 'otlp';
  return exporters.split(',').some((name) => name.trim() === 'otlp');
}

function urlOf(env: Environment, problems: string[]): string | undefined {
  const own = valueOf(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const common = valueOf(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  // The endpoint for traces is a complete URL, the general one is the root of all signals.
  const text = own ?? common?.replace(/\/*$/, '/v1/traces');
  if (text === undefined) return undefined;
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  problems.push('the endpoint of the traces is no http or https URL: nothing is traced');
  return undefined;
}

const DEFAULT_SAMPLER = 'parentbased_always_on';

function samplerOf(env: Environment, problems: string[]): Sampler {
  const name = valueOf(env, 'OTEL_TRACES_SAMPLER') ?? DEFAULT_SAMPLER;
  const text = valueOf(env, 'OTEL_TRACES_SAMPLER_ARG') ?? '1';
  const isRatio = Number(text) >= 0 && Number(text) <= 1;
  if (!isRatio && name.endsWith('traceidratio')) {
    problems.push(
      `OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not "${text}": every trace is recorded`,
    );
  }
  const sampler = samplerNamed(name, isRatio ? Number(text) : 1);
  if (sampler !== undefined) return sampler;
  problems.push(`OTEL_TRACES_SAMPLER must be a sampler's name, not "${name}": ${DEFAULT_SAMPLER} is used`);
  return samplerNamed(DEFAULT_SAMPLER, 1) ?? (() => true);
}

const BATCH_VARIABLES = {
  scheduledDelayMillis: 'OTEL_BSP_SCHEDULE_DELAY',
  exportTimeoutMillis: 'OTEL_BSP_EXPORT_TIMEOUT',
  maxQueueSize: 'OTEL_BSP_MAX_QUEUE_SIZE',
  maxExportBatchSize: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
} as const;

function batchOf(env: Environment, problems: string[]): TraceSettings['batch'] {
  const known = Object.entries(BATCH_VARIABLES).flatMap(([option, variable]): [string, number][] => {
    const text = valueOf(env, variable);
    if (text === undefined) return [];
    if (/^[1-9]\d{0,8}$/.test(text)) return [[option, Number(text)]];
    problems.push(`${variable} must be a whole number above 0, not "${text}": its default is used`);
    return [];
  });
  return Object.fromEntries(known);
}

/** The first variable with a value. By the specification, an empty one counts as unset. */
function valueOf(env: Environment, ...names: readonly string[]): string | undefined {
  return names.map((name) => env[name]?.trim()).find((value) => value !== undefined && value !== '');
}
