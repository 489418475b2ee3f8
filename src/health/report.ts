import type { HealthSettings, MasterKey, Snapshot } from '../config/snapshot.ts';
import { admit } from '../gateway/admit.ts';
import { authenticate } from '../gateway/authenticate.ts';
import type { Gateway } from '../gateway/ports.ts';
import type { ProviderList } from '../models/provider-list.ts';
import { type ProbeResult, probeProviders } from './probe.ts';
import type { ProviderStatus } from './provider-status.ts';

/** Answers `/health/detailed`. */
export type DetailedHealth = (headers: Headers, search: string) => Promise<Response>;

/** Reports on the providers, probed in this way. */
export type HealthReporter = (probe: HealthSettings['probe']) => Promise<HealthReport>;

/**
 * `/health/detailed`. It requires a key if there are any, since it costs the providers a request, and counts against
 * the key's rate limit. `?probe=chat` asks each model for one token, for unrestricted keys only.
 */
export function createDetailedHealth(gateway: Gateway, report: HealthReporter): DetailedHealth {
  return async (headers, search) => {
    const snapshot = gateway.snapshot();
    const key = authenticate({ headers, search }, snapshot.access, gateway.clock);
    const admission = await admit(key, gateway);
    const { probe } = snapshot.health;
    const body =
      key === undefined || key.unrestricted
        ? await report(probeOf(search, probe))
        : reportFor(key, await report(probe), snapshot);
    return Response.json(body, { headers: admission.headers });
  };
}

/** The report for a key with a list of models: only these models and their providers. */
function reportFor(key: MasterKey, report: HealthReport, { models }: Snapshot): HealthReport {
  const routes = [...models.values()].filter(({ name }) => key.allows(name)).flatMap((model) => model.routes);
  const providers = report.providers
    .filter(({ name }) => routes.some(({ provider }) => provider === name))
    .map((one) => {
      const served = routes.filter(({ provider }) => provider === one.name);
      const tested = one.models?.filter(({ model }) =>
        served.some(({ upstreamModel }) => upstreamModel === model),
      );
      return { ...one, ...(tested && { models: tested }) };
    });
  const healthy = providers.filter(({ status }) => status === 'healthy').length;
  const total = providers.length;
  return { ...report, status: statusOf(healthy, total), healthy, total, providers };
}

function probeOf(search: string, configured: HealthSettings['probe']): HealthSettings['probe'] {
  const asked = new URLSearchParams(search).get('probe');
  return asked === 'chat' || asked === 'models' ? asked : configured;
}

/** How long the result of a probe is reused for everybody. */
const FRESH_MS = 10_000;

/** The state of the providers that is known without a probe. */
export interface HealthSources {
  /** Their state from requests. */
  readonly statuses: () => Promise<readonly ProviderStatus[]>;
  /** Their lists of models. */
  readonly modelLists: () => readonly ProviderList[];
}

/** Probes every provider, at most once in ten seconds, whoever asks. */
export function createHealthReporter(
  gateway: Gateway,
  { statuses, modelLists }: HealthSources,
): HealthReporter {
  const known = new Map<HealthSettings['probe'], Probing>();
  return async (probe) => {
    const { version } = gateway.snapshot();
    const nowMs = gateway.clock.nowMs();
    let probing = known.get(probe);
    if (probing === undefined || nowMs - probing.atMs >= FRESH_MS || probing.version !== version) {
      const epochMs = gateway.clock.epochMs();
      probing = { atMs: nowMs, epochMs, version, results: probeProviders(gateway, probe) };
      known.set(probe, probing);
    }
    const results = await probing.results;
    return reportOf(results, {
      probe,
      epochMs: probing.epochMs,
      statuses: await statuses(),
      lists: modelLists(),
      missingApis: (name) => missingApis(gateway, name),
    });
  };
}

interface Probing {
  readonly atMs: number;
  readonly epochMs: number;
  readonly version: number;
  readonly results: Promise<ProbeResult[]>;
}

/** The body of the response. */
export type HealthReport = ReturnType<typeof reportOf>;

interface ReportContext {
  readonly epochMs: number;
  readonly probe: HealthSettings['probe'];
  readonly statuses: readonly ProviderStatus[];
  readonly lists: readonly ProviderList[];
  /** The APIs that the provider of this name was found to lack. */
  readonly missingApis: (provider: string) => readonly string[];
}

function missingApis({ unspoken, snapshot, clock }: Gateway, name: string): readonly string[] {
  const provider = snapshot().providers.get(name);
  return provider === undefined ? [] : (unspoken?.of(provider, clock.nowMs()) ?? []);
}

function reportOf(results: readonly ProbeResult[], context: ReportContext) {
  const { epochMs, probe, statuses, lists, missingApis: missing } = context;
  const healthy = results.filter(({ error }) => error === undefined).length;
  return {
    status: statusOf(healthy, results.length),
    probe,
    checked_at: new Date(epochMs).toISOString(),
    healthy,
    total: results.length,
    providers: results.map((result) => ({
      ...providerReport(
        result,
        statuses.find(({ provider }) => provider === result.provider),
        lists.find(({ provider }) => provider === result.provider),
      ),
      ...missingField(missing(result.provider)),
    })),
  };
}

function missingField(apis: readonly string[]): { readonly missing_apis?: readonly string[] } {
  return apis.length === 0 ? {} : { missing_apis: apis };
}

function statusOf(healthy: number, total: number) {
  return healthy === total ? 'ok' : healthy > 0 ? 'degraded' : 'down';
}

function providerReport(
  { provider, error, latencyMs, models }: ProbeResult,
  availability: ProviderStatus | undefined,
  list: ProviderList | undefined,
) {
  const { cooldownMs = 0, lastError, lastErrorAtMs } = availability ?? {};
  return {
    name: provider,
    status: error === undefined ? 'healthy' : 'unhealthy',
    latency_ms: Math.round(latencyMs),
    cooldown_seconds: Math.ceil(cooldownMs / 1000),
    last_error: error ?? lastError ?? null,
    last_error_at: lastErrorAtMs === undefined ? null : new Date(lastErrorAtMs).toISOString(),
    ...(list !== undefined && { model_list: listReport(list) }),
    ...(models.length > 0 && {
      models: models.map((one) => ({
        model: one.model,
        status: one.error === undefined ? 'healthy' : 'unhealthy',
        latency_ms: Math.round(one.latencyMs),
        error: one.error ?? null,
      })),
    }),
  };
}

function listReport({ models, fetchedAtMs, error }: ProviderList) {
  return {
    models: models.length,
    fetched_at: fetchedAtMs === undefined ? null : new Date(fetchedAtMs).toISOString(),
    error: error ?? null,
  };
}

/** How often to check whether a probe is due, since the interval may change with the configuration. */
const LOOK_MS = 500;

/** Probes the providers every `health.probe_interval`, if there is one. Returns a function that stops it. */
export function probeRegularly(gateway: Gateway): () => void {
  let nextAtMs = -Infinity;
  let isProbing = false;
  const look = async (): Promise<void> => {
    const { intervalMs, probe } = gateway.snapshot().health;
    const nowMs = gateway.clock.nowMs();
    if (isProbing || !Number.isFinite(intervalMs) || nowMs < nextAtMs) return;
    isProbing = true;
    nextAtMs = nowMs + intervalMs;
    await probeProviders(gateway, probe);
    isProbing = false;
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return () => clearInterval(timer);
}
