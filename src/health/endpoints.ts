import { jsonAnswer, type WholeClientAnswer } from '../gateway/client-answer.ts';
import type { DatabaseStatus, Gateway } from '../gateway/ports.ts';

/** The parts of a running server that its health depends on. `startedAtMs` is in milliseconds since 1970. */
interface RunningServer {
  readonly gateway: Gateway;
  readonly version: string;
  readonly startedAtMs: number;
  readonly phase: 'serving' | 'leaving' | 'draining';
  readonly database: () => DatabaseStatus | undefined;
}

/**
 * `/health` in JSON, `/healthz` in a word, `/readyz` for load balancers. None of them asks a provider or needs a key.
 */
export function health(path: '/health' | '/healthz' | '/readyz', state: RunningServer): WholeClientAnswer {
  switch (path) {
    case '/healthz':
      return text('ok', 200);
    case '/readyz':
      return readiness(state);
    case '/health':
      return jsonAnswer(report(state));
  }
}

/** A gateway that serves its last configuration is ready: otherwise nobody would be served. */
function readiness({ phase, database }: RunningServer): WholeClientAnswer {
  if (phase !== 'serving') return text('draining', 503);
  const reason = database()?.notAdopted;
  return text(
    reason === undefined ? 'ready' : `ready, but the contents of the database are not used: ${reason}`,
    200,
  );
}

function text(body: string, status: number): WholeClientAnswer {
  return { kind: 'whole', status, fields: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function report({ gateway, version, startedAtMs, phase, database }: RunningServer): Record<string, unknown> {
  const snapshot = gateway.snapshot();
  return {
    status: phase === 'serving' ? 'ok' : 'draining',
    version,
    uptime_seconds: Math.floor((Date.now() - startedAtMs) / 1000),
    config_version: snapshot.version,
    providers: providerCounts(gateway),
    models: snapshot.models.size,
    ...describe(database()),
  };
}

function describe(database: DatabaseStatus | undefined): Record<string, unknown> {
  if (database === undefined) return {};
  const { isAnswering, sinceAnswerMs, notAdopted } = database;
  const status = !isAnswering ? 'unreachable' : notAdopted === undefined ? 'ok' : 'not_adopted';
  const reason = isAnswering && notAdopted !== undefined ? { reason: notAdopted } : {};
  return { database: { status, seconds_since_answer: Math.floor(sinceAnswerMs / 1000), ...reason } };
}

/** The number of providers, and of those with a route that is cooling. */
function providerCounts({ snapshot, cooldowns, clock }: Gateway): { total: number; cooling: number } {
  const { providers, models } = snapshot();
  const nowMs = clock.nowMs();
  const routes = [...models.values()].flatMap((model) => model.routes);
  const cooling = routes.filter(({ id }) => cooldowns.availability(id, nowMs).kind === 'cooling');
  return { total: providers.size, cooling: new Set(cooling.map(({ provider }) => provider)).size };
}
