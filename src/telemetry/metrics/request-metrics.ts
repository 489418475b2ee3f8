import type { RequestEnded, TranslationReport } from '../../gateway/events.ts';
import type { Attempt } from '../../routing/outcome.ts';
import type { HistogramSeries, NumberSeries } from './metric-family.ts';
import type { MetricTable } from './metric-table.ts';
import { METHODS, OPERATIONS } from '../vocabulary.ts';

/** Counts finished requests. Series are looked up once per kind of request. */
export function createRequestMetrics(table: MetricTable): (event: RequestEnded) => void {
  const kinds = new KnownKinds(table);
  return (event) => {
    const kind = kinds.of(event);
    const { labels } = kind;
    countRequest(event, kind);
    countTokens(event, kind);
    countCost(event, kind);
    if (event.cache !== undefined) countCache(event, labels, table);
    if (event.isStreamed) countStream(event, kind);
    if (event.history.length > 1) countFallbacks(event, table);
    if (event.translation !== undefined) countLosses(event.translation, table);
    if (event.droppedTags) table.droppedTags.series(labels.keyName).value += event.droppedTags;
    if (event.ending !== 'complete') countEnding(event, labels, table);
  };
}

function countLosses({ from, to, losses }: TranslationReport, table: MetricTable): void {
  for (const { what } of losses) table.translationLosses.series(from, to, what).value += 1;
}

/** The kinds of requests. Consecutive requests are often of one kind, which needs no look-up. */
class KnownKinds {
  readonly #table: MetricTable;
  readonly #kinds = new Map<string, Kind>();
  #last: { readonly kind: Kind; readonly described: Described } | undefined;

  constructor(table: MetricTable) {
    this.#table = table;
  }

  of(event: RequestEnded): Kind {
    const last = this.#last;
    if (last !== undefined && isSame(last.described, event)) return last.kind;
    const kind = this.#find(event);
    const { method, endpoint, servedAs, provider, status, keyName } = event;
    this.#last = { kind, described: { method, endpoint, servedAs, provider, status, keyName } };
    return kind;
  }

  #find(event: RequestEnded): Kind {
    const labels = labelsOf(event);
    const key = `${labels.method} ${labels.status} ${labels.endpoint}\n${labels.model}\n${labels.provider}\n${labels.keyName}`;
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = kindOf(labels, this.#table);
      if (this.#kinds.size < MOST_KINDS) this.#kinds.set(key, kind);
    }
    return kind;
  }
}

/** The values that a request's labels are made of. */
type Described = Pick<RequestEnded, 'method' | 'endpoint' | 'servedAs' | 'provider' | 'status' | 'keyName'>;

function isSame(one: Described, other: Described): boolean {
  return (
    one.status === other.status &&
    one.keyName === other.keyName &&
    one.servedAs === other.servedAs &&
    one.provider === other.provider &&
    one.endpoint === other.endpoint &&
    one.method === other.method
  );
}

/** Kinds consist of names from the configuration. Beyond this number, they are looked up each time. */
const MOST_KINDS = 5_000;

interface Labels {
  readonly method: string;
  readonly endpoint: string;
  readonly model: string;
  readonly provider: string;
  readonly status: string;
  readonly keyName: string;
}

/** Everything that a client can make up becomes `other`; what is missing is `none`. */
function labelsOf({ method, endpoint, servedAs, provider, status, keyName }: RequestEnded): Labels {
  return {
    method: METHODS.has(method) ? method : 'other',
    endpoint,
    model: servedAs ?? 'other',
    provider: provider ?? 'none',
    status: status >= 100 && status <= 599 ? String(status) : 'other',
    keyName: keyName ?? 'none',
  };
}

/** The series of all requests with the same labels. Those of tokens and streams are created on first use. */
interface Kind {
  readonly labels: Labels;
  readonly requests: NumberSeries;
  readonly duration: HistogramSeries;
  readonly active: NumberSeries;
  readonly completed: NumberSeries;
  readonly overhead: HistogramSeries;
  readonly genAiDuration: HistogramSeries | undefined;
  readonly tokens: () => TokenSeries;
  readonly cost: () => NumberSeries;
  readonly costUnknown: () => NumberSeries;
  readonly stream: () => StreamSeries;
}

interface TokenSeries {
  readonly prompt: NumberSeries;
  readonly completion: NumberSeries;
  readonly total: NumberSeries;
  readonly cached: NumberSeries;
  readonly reasoning: NumberSeries;
  readonly estimated: NumberSeries;
  readonly genAiInput: HistogramSeries | undefined;
  readonly genAiOutput: HistogramSeries | undefined;
}

interface StreamSeries {
  readonly ttft: HistogramSeries;
  readonly speed: HistogramSeries;
  readonly genAiTtft: HistogramSeries | undefined;
}

function kindOf(labels: Labels, table: MetricTable): Kind {
  const { method, endpoint, model, provider, status, keyName } = labels;
  const operation = OPERATIONS[endpoint];
  const genAi = operation === undefined ? undefined : [operation, provider, model];
  const errorType = Number(status) < 400 ? '' : status;
  return {
    labels,
    requests: table.requests.series(method, endpoint, model, provider, status, keyName),
    duration: table.duration.series(endpoint, model, provider),
    active: table.active.series(endpoint),
    completed: table.endings.series('complete'),
    overhead: table.overhead.series(),
    genAiDuration: genAi && table.genAiDuration.series(...genAi, errorType),
    tokens: once(() => ({
      prompt: table.tokens.series(model, provider, 'prompt', keyName),
      completion: table.tokens.series(model, provider, 'completion', keyName),
      total: table.tokens.series(model, provider, 'total', keyName),
      cached: table.tokens.series(model, provider, 'cached', keyName),
      reasoning: table.tokens.series(model, provider, 'reasoning', keyName),
      estimated: table.estimated.series(model, provider),
      genAiInput: genAi && table.genAiTokens.series(...genAi, 'input'),
      genAiOutput: genAi && table.genAiTokens.series(...genAi, 'output'),
    })),
    cost: once(() => table.cost.series(model, provider, keyName)),
    costUnknown: once(() => table.costUnknown.series(model, provider)),
    stream: once(() => ({
      ttft: table.ttft.series(model, provider),
      speed: table.speed.series(model, provider),
      genAiTtft: genAi && table.genAiTtft.series(...genAi),
    })),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function countRequest(event: RequestEnded, kind: Kind): void {
  const seconds = (event.endedAtMs - event.startedAtMs) / 1000;
  kind.requests.value += 1;
  kind.active.value -= 1;
  kind.duration.observe(seconds);
  if (event.overheadMs !== undefined) kind.overhead.observe(event.overheadMs / 1000);
  if (event.ending === 'complete') kind.completed.value += 1;
  // A request that reached no provider was not an operation on a model.
  if (event.provider !== undefined) kind.genAiDuration?.observe(seconds);
}

function countTokens({ usage, isUsageEstimated }: RequestEnded, kind: Kind): void {
  if (usage === undefined) return;
  const series = kind.tokens();
  const { inputTokens, outputTokens } = usage;
  series.prompt.value += inputTokens ?? 0;
  series.completion.value += outputTokens ?? 0;
  series.total.value += usage.totalTokens ?? (inputTokens ?? 0) + (outputTokens ?? 0);
  series.cached.value += usage.cachedTokens ?? 0;
  series.reasoning.value += usage.reasoningTokens ?? 0;
  if (isUsageEstimated) series.estimated.value += 1;
  if (inputTokens !== undefined) series.genAiInput?.observe(inputTokens);
  if (outputTokens !== undefined) series.genAiOutput?.observe(outputTokens);
}

function countCost({ cost }: RequestEnded, kind: Kind): void {
  if (cost === undefined || cost.basis === 'not-billed' || cost.basis === 'cache') return;
  if (cost.nano === undefined) kind.costUnknown().value += 1;
  else kind.cost().value += cost.nano / 1e9;
}

function countCache({ cache = 'miss', cost }: RequestEnded, { model }: Labels, table: MetricTable): void {
  table.cacheRequests.series(model, cache).value += 1;
  const saved = cost?.savedNano ?? 0;
  if (saved > 0) table.saved.series(model).value += saved / 1e9;
}

function countStream(
  { startedAtMs, firstByteAtMs, endedAtMs, usage, ending }: RequestEnded,
  kind: Kind,
): void {
  if (firstByteAtMs === undefined) return;
  const series = kind.stream();
  const ttftSeconds = (firstByteAtMs - startedAtMs) / 1000;
  series.ttft.observe(ttftSeconds);
  if (ending !== 'complete') return;
  series.genAiTtft?.observe(ttftSeconds);
  const writingSeconds = (endedAtMs - firstByteAtMs) / 1000;
  const outputTokens = usage?.outputTokens ?? 0;
  // A single token, or all tokens at once, has no speed.
  if (outputTokens > 1 && writingSeconds > 0.001) series.speed.observe(outputTokens / writingSeconds);
}

function countFallbacks({ history, model, servedAs }: RequestEnded, table: MetricTable): void {
  const name = (attempt: Attempt): string =>
    attempt.model === model ? (servedAs ?? 'other') : attempt.model;
  for (const [index, attempt] of history.entries()) {
    const before = history[index - 1];
    if (before === undefined) continue;
    if (before.model !== attempt.model) {
      table.fallbacks.series(name(before), name(attempt), 'L2').value += 1;
    } else if (before.route.id === attempt.route.id) table.retries.series(attempt.route.provider).value += 1;
    else table.fallbacks.series(before.route.provider, attempt.route.provider, 'L1').value += 1;
  }
}

function countEnding(event: RequestEnded, labels: Labels, table: MetricTable): void {
  table.endings.series(event.ending).value += 1;
  switch (event.ending) {
    case 'complete':
    case 'failed':
      return;
    case 'refused':
      table.refusals.series(event.code ?? 'unknown').value += 1;
      if (event.code === 'rate_limit_exceeded') table.rateLimited.series(labels.keyName).value += 1;
      return;
    case 'truncated':
      table.truncated.series(labels.provider).value += 1;
      return;
    case 'client-left':
      table.disconnects.series(labels.endpoint).value += 1;
  }
}
