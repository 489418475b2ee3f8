import { describe, expect, test } from 'bun:test';
import { readTraceSettings } from '../../../src/telemetry/traces/trace-settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('nothing is traced', () => {
  const cases: Readonly<Record<string, Record<string, string>>> = {
    'without an endpoint': {},
    'with an empty endpoint': { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    'with OTEL_SDK_DISABLED': { ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' },
    'with OTEL_TRACES_EXPORTER=none': { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' },
  };
  for (const [name, env] of Object.entries(cases)) {
    test(name, () => expect(readTraceSettings(env)).toEqual({ settings: undefined, problems: [] }));
  }

  test('with an endpoint that is no URL, and that is said', () => {
    const { settings, problems } = readTraceSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' });
    expect(settings).toBeUndefined();
    expect(problems).toEqual(['the endpoint of the traces is no http or https URL: nothing is traced']);
  });
});

describe('the address', () => {
  const url = (env: Record<string, string>) => readTraceSettings(env).settings?.url;

  test('is the common endpoint with the path of traces', () => {
    expect(url(ENDPOINT)).toBe('http://collector:4318/v1/traces');
    expect(url({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c/otlp/' })).toBe('http://c/otlp/v1/traces');
  });

  test('is the endpoint of traces as it is, before the common one', () => {
    expect(url({ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t/in' })).toBe('https://t/in');
  });
});

describe('the sampler', () => {
  const TRACES = Array.from({ length: 2_000 }, () => crypto.randomUUID().replaceAll('-', ''));
  const share = (env: Record<string, string>, isSampled?: boolean): number => {
    const sampler = readTraceSettings({ ...ENDPOINT, ...env }).settings?.sampler;
    const parent = (traceId: string) =>
      isSampled === undefined ? undefined : { traceId, spanId: '1'.repeat(16), isSampled, state: undefined };
    return TRACES.filter((traceId) => sampler?.(traceId, parent(traceId))).length / TRACES.length;
  };

  test('records everything by default, and what the client decided otherwise', () => {
    expect([share({}), share({}, true), share({}, false)]).toEqual([1, 1, 0]);
  });

  test('can ignore the client', () => {
    expect(share({ OTEL_TRACES_SAMPLER: 'always_on' }, false)).toBe(1);
    expect(share({ OTEL_TRACES_SAMPLER: 'always_off' }, true)).toBe(0);
  });

  test('records nothing of its own with parentbased_always_off', () => {
    const env = { OTEL_TRACES_SAMPLER: 'parentbased_always_off' };
    expect([share(env), share(env, true)]).toEqual([0, 1]);
  });

  test('records the share that is asked for, of the traces that begin here', () => {
    const env = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' };
    expect(Math.abs(share(env) - 0.25)).toBeLessThan(0.08);
    expect([share(env, true), share(env, false)]).toEqual([1, 0]);
    const all = { OTEL_TRACES_SAMPLER: 'traceidratio' };
    expect(share({ ...all, OTEL_TRACES_SAMPLER_ARG: '0' })).toBe(0);
    expect(share({ ...all, OTEL_TRACES_SAMPLER_ARG: '1' })).toBe(1);
  });
});

test('the batches are as the environment says', () => {
  const { settings } = readTraceSettings({
    ...ENDPOINT,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_BSP_EXPORT_TIMEOUT: '200',
    OTEL_BSP_MAX_QUEUE_SIZE: '300',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '40',
  });
  expect(settings?.batch).toEqual({
    scheduledDelayMillis: 100,
    exportTimeoutMillis: 200,
    maxQueueSize: 300,
    maxExportBatchSize: 40,
  });
});

test('a value that is not understood is said and left out', () => {
  const { settings, problems } = readTraceSettings({
    ...ENDPOINT,
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_BSP_MAX_QUEUE_SIZE: '-1',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  });
  expect(settings?.batch).toEqual({});
  expect(settings?.sampler('a'.repeat(32), undefined)).toBe(true);
  expect(problems).toEqual([
    'traces are sent as http/json to collector:4318, not as grpc',
    'OTEL_TRACES_SAMPLER must be a sampler\'s name, not "sometimes": parentbased_always_on is used',
    'OTEL_BSP_MAX_QUEUE_SIZE must be a whole number above 0, not "-1": its default is used',
  ]);
});
