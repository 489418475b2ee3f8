import type { HealthSettings, Provider, Snapshot } from '../config/snapshot.ts';
import { hasModelList, listQuestion, tokenQuestion } from './probe-question.ts';
import type { Cancellation, Gateway, UpstreamReply } from '../gateway/ports.ts';

/** The result of probing one provider. */
export interface ProbeResult {
  readonly provider: string;
  /** The error, without address or secret; undefined: there was none. */
  readonly error: string | undefined;
  readonly latencyMs: number;
  /** The models that were asked for a token, if the probe does that. */
  readonly models: readonly ProbedModel[];
}

export interface ProbedModel {
  readonly model: string;
  readonly error: string | undefined;
  readonly latencyMs: number;
}

/** The number of concurrent probes, and how long all of them may take. */
const MOST_AT_A_TIME = 8;
const LONGEST_MS = 30_000;
/** The maximum number of models per provider that are asked for a token. */
const MOST_MODELS = 20;

/**
 * Probes every provider, by its list of models, which is free, or by one token of each of its models. Emits each result
 * as an event for the metrics. Never rejects.
 */
export async function probeProviders(
  gateway: Gateway,
  kind: HealthSettings['probe'],
): Promise<ProbeResult[]> {
  const snapshot = gateway.snapshot();
  const tests: Test[] = [...snapshot.providers.values()].flatMap((provider) =>
    testsOf(provider, kind, snapshot),
  );
  const limit = { timeoutMs: snapshot.health.timeoutMs, untilMs: gateway.clock.nowMs() + LONGEST_MS };
  const results = await inTurns(tests, (test) => run(test, limit, gateway));
  return [...snapshot.providers.keys()].map((name) => {
    const result = summary(
      name,
      results.filter(({ provider }) => provider === name),
    );
    gateway.emit({
      type: 'provider-probed',
      provider: name,
      error: result.error,
      latencyMs: result.latencyMs,
    });
    return result;
  });
}

/** The answer of a model to the question for one token. */
export async function askForToken(
  test: { readonly provider: Provider; readonly model: string },
  gateway: Gateway,
): Promise<{ readonly error: string | undefined; readonly latencyMs: number }> {
  return run(test, { timeoutMs: LONGEST_MS, untilMs: Infinity }, gateway);
}

interface Test {
  readonly provider: Provider;
  /** undefined: the list of models is requested. */
  readonly model: string | undefined;
}

/** A provider whose models the configuration does not name can only be asked for its list. */
function testsOf(provider: Provider, kind: HealthSettings['probe'], { models }: Snapshot): Test[] {
  const routes = kind === 'chat' ? [...models.values()].flatMap((model) => model.routes) : [];
  const names = routes.flatMap(({ provider: owner, upstreamModel }) =>
    owner === provider.name && upstreamModel !== undefined ? [upstreamModel] : [],
  );
  if (names.length === 0) return hasModelList(provider) ? [{ provider, model: undefined }] : [];
  return [...new Set(names)].slice(0, MOST_MODELS).map((model) => ({ provider, model }));
}

interface TestResult {
  readonly provider: string;
  readonly model: string | undefined;
  readonly error: string | undefined;
  readonly latencyMs: number;
}

interface Limit {
  readonly timeoutMs: number;
  readonly untilMs: number;
}

async function run(
  { provider, model }: Test,
  limit: Limit,
  { clock, upstream }: Gateway,
): Promise<TestResult> {
  const startedAtMs = clock.nowMs();
  const timeoutMs = Math.min(limit.timeoutMs, limit.untilMs - startedAtMs);
  const told = { provider: provider.name, model };
  if (timeoutMs <= 0) return { ...told, error: 'not probed: the others took too long', latencyMs: 0 };
  const cancellation = manualCancellation();
  const stopTimer = clock.setTimer(timeoutMs, cancellation.now);
  const reply = await upstream.send({
    provider,
    ...(model === undefined ? listQuestion(provider) : tokenQuestion(provider, model)),
    search: '',
    clientHeaders: new Headers({ 'content-type': 'application/json', accept: 'application/json' }),
    clientCredentials: [],
    cancellation,
    onConnectTimeout: cancellation.now,
  });
  stopTimer();
  if (reply.kind === 'reply') reply.body?.cancel().catch(() => undefined);
  return { ...told, error: errorOf(reply, model, timeoutMs), latencyMs: clock.nowMs() - startedAtMs };
}

function manualCancellation(): Cancellation & { readonly now: () => void } {
  const cancellation = {
    isCancelled: false,
    onCancel: undefined as Cancellation['onCancel'],
    now: () => {
      cancellation.isCancelled = true;
      cancellation.onCancel?.();
    },
  };
  return cancellation;
}

/** A provider without a list of models answers so, and is healthy. */
const NO_LIST: ReadonlySet<number> = new Set([404, 405, 501]);

function errorOf(reply: UpstreamReply, model: string | undefined, timeoutMs: number): string | undefined {
  switch (reply.kind) {
    case 'unreachable':
      return `unreachable (${reply.reason})`;
    case 'aborted':
      return `no answer within ${timeoutMs / 1000} s`;
    case 'reply':
      if (reply.status >= 200 && reply.status < 300) return undefined;
      return model === undefined && NO_LIST.has(reply.status) ? undefined : `status ${reply.status}`;
  }
}

/** A provider is healthy if any of its models is: a model that is not for chatting refuses to chat. */
function summary(provider: string, results: readonly TestResult[]): ProbeResult {
  const best = results.find(({ error }) => error === undefined) ?? results[0];
  const models = results.flatMap(({ model, error, latencyMs }) =>
    model === undefined ? [] : [{ model, error, latencyMs }],
  );
  return { provider, error: best?.error, latencyMs: best?.latencyMs ?? 0, models };
}

/** Maps the items with `work` in order, with a limited number at a time. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [index, item] = next;
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: MOST_AT_A_TIME }, worker));
  return results;
}
