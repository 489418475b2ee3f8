import type { HealthSettings } from '../config/snapshot.ts';
import { authenticate } from '../gateway/authenticate.ts';
import type { Gateway } from '../gateway/ports.ts';
import { type ProbeResult, probeProviders } from './probe.ts';
import type { ProviderStandings } from './provider-standing.ts';

/** Answers `/health/detailed`. */
export type DetailedHealth = (headers: Headers, search: string) => Promise<Response>;

/** For as long as one test of the providers answers everybody who asks. */
const FRESH_MS = 10_000;

/**
 * `/health/detailed`: every provider is tested, at most once in ten seconds, whoever asks. Needs a key where there
 * are any, since it costs the providers a request. `?probe=chat` asks one token of each model.
 */
export function createDetailedHealth(gateway: Gateway, standings: ProviderStandings): DetailedHealth {
  const known = new Map<HealthSettings['probe'], Probing>();
  return async (headers, search) => {
    const snapshot = gateway.snapshot();
    authenticate(headers, snapshot.access);
    const kind = kindOf(search, snapshot.health.probe);
    const nowMs = gateway.clock.nowMs();
    let probing = known.get(kind);
    if (probing === undefined || nowMs - probing.atMs >= FRESH_MS || probing.version !== snapshot.version) {
      probing = {
        atMs: nowMs,
        epochMs: gateway.clock.epochMs(),
        version: snapshot.version,
        results: probeProviders(gateway, kind),
      };
      known.set(kind, probing);
    }
    return Response.json(report(await probing.results, { ...probing, kind, standings }));
  };
}

interface Probing {
  readonly atMs: number;
  readonly epochMs: number;
  readonly version: number;
  readonly results: Promise<ProbeResult[]>;
}

function kindOf(search: string, configured: HealthSettings['probe']): HealthSettings['probe'] {
  const asked = new URLSearchParams(search).get('probe');
  return asked === 'chat' || asked === 'models' ? asked : configured;
}

interface ReportContext {
  readonly epochMs: number;
  readonly kind: HealthSettings['probe'];
  readonly standings: ProviderStandings;
}

function report(
  results: readonly ProbeResult[],
  { epochMs, kind, standings }: ReportContext,
): Record<string, unknown> {
  const healthy = results.filter(({ error }) => error === undefined).length;
  return {
    status: healthy === results.length ? 'ok' : healthy > 0 ? 'degraded' : 'down',
    probe: kind,
    checked_at: new Date(epochMs).toISOString(),
    healthy,
    total: results.length,
    providers: results.map((result) => providerReport(result, standings)),
  };
}

function providerReport({ provider, error, latencyMs, models }: ProbeResult, standings: ProviderStandings) {
  const { cooldownMs, lastError, lastErrorAtMs } = standings.of(provider);
  return {
    name: provider,
    status: error === undefined ? 'healthy' : 'unhealthy',
    latency_ms: Math.round(latencyMs),
    cooldown_seconds: Math.ceil(cooldownMs / 1000),
    last_error: error ?? lastError ?? null,
    last_error_at: lastErrorAtMs === undefined ? null : new Date(lastErrorAtMs).toISOString(),
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

/** How often it is looked whether it is time to test the providers: the interval may change with the configuration. */
const LOOK_MS = 500;

/** Tests the providers every `health.probe_interval`, where there is one. Returns how to end it. */
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
