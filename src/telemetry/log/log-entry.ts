import { hundredthsText } from '../../lib/decimal-text.ts';
import { dollarsOf } from '../../prices/cost.ts';
import {
  type GatewayEvent,
  isLimitEvent,
  type ProviderProbed,
  type RequestEnded,
  type RequestReceived,
} from '../../gateway/events.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { type Attempt, isClientFault } from '../../routing/outcome.ts';
import { outcomeText, attemptsSummary } from '../../routing/attempts-summary.ts';
import { attemptMember, endedMembers, type Escape, receivedMembers } from './json-members.ts';
import type { MessageKey } from './messages.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** A log entry before it is rendered in a language and a format. */
export interface LogEntry {
  readonly level: Level;
  readonly requestId: string | undefined;
  readonly message: MessageKey;
  /** Fills the placeholders of the sentence, and becomes fields in JSON. Undefined values are left out. */
  readonly values: LogValues;
  /** More members for JSON, written only there. */
  readonly members?: ((escape: Escape) => string) | undefined;
  /** A finished request, whose measures are members in JSON. */
  readonly measured?: RequestEnded | undefined;
}

export type LogValues = Readonly<Record<string, string | number | undefined>>;

function probeLevel({ error }: ProviderProbed): Level | undefined {
  return error === undefined ? undefined : 'warn';
}

/** The highest level among the lines of an event; undefined: it has none. */
export function levelOf(event: GatewayEvent): Level | undefined {
  if (isLimitEvent(event)) return undefined;
  switch (event.type) {
    case 'request-started':
    case 'answer-bytes':
      return undefined;
    case 'request-received':
      return 'info';
    case 'provider-probed':
      return probeLevel(event);
    case 'attempt-ended':
      return attemptLevel(event.attempt);
    case 'route-cooled':
    case 'api-missing':
      return 'warn';
    case 'request-ended':
      return ENDING_LEVELS[endingOf(event)];
    case 'configuration-accepted':
      return event.warnings.length > 0 ? 'warn' : 'info';
    case 'alert-ended':
      return event.state === 'sent' ? 'info' : 'warn';
    case 'configuration-refused':
    case 'bug':
      return 'error';
  }
}

/** The ending of a request in the log. An error that the client caused is not a failure. */
function endingOf({ ending, history }: RequestEnded): keyof typeof ENDING_LEVELS {
  const last = history.at(-1);
  return ending === 'failed' && last !== undefined && isClientFault(last.outcome) ? 'rejected' : ending;
}

const ENDING_LEVELS = {
  complete: 'info',
  rejected: 'info',
  failed: 'error',
  truncated: 'warn',
  'client-left': 'info',
  refused: 'warn',
} as const;

function isFailure({ outcome }: Attempt): boolean {
  return outcome.kind !== 'answered' && outcome.kind !== 'cancelled';
}

function attemptLevel(attempt: Attempt): Level {
  const { outcome } = attempt;
  if (outcome.kind === 'unsuitable') return 'debug';
  return isFailure(attempt) && !isClientFault(outcome) ? 'warn' : 'debug';
}

/** The log lines of an event. */
export function logEntries(event: GatewayEvent): LogEntry[] {
  if (isLimitEvent(event)) return [];
  switch (event.type) {
    case 'request-started':
    case 'answer-bytes':
      return [];
    case 'provider-probed':
      return probeEntries(event);
    case 'request-received':
      return [receivedEntry(event)];
    case 'attempt-ended':
      return [attemptEntry(event)];
    case 'api-missing': {
      const api = event.operation === 'count' ? `${event.api} (count)` : event.api;
      return [entry('warn', event, 'apiMissing', { provider: event.provider, api })];
    }
    case 'route-cooled':
      return [
        entry('warn', event, 'cooled', { route: event.routeId, seconds: Math.round(event.forMs / 1000) }),
      ];
    case 'request-ended':
      return [endEntry(event), ...attemptEntries(event)];
    case 'configuration-accepted':
      return [
        entry('info', {}, 'reloaded', { version: event.version }),
        ...event.warnings.map((text) => entry('warn', {}, 'warning', { text })),
      ];
    case 'configuration-refused':
      return event.problems.map((problem) => entry('error', {}, 'reloadRefused', { problem }));
    case 'alert-ended':
      return [entry(event.state === 'sent' ? 'info' : 'warn', {}, ALERTS[event.state], { text: event.text })];
    case 'bug':
      return [entry('error', event, 'bug', { error: describeBug(event.error) })];
  }
}

const ALERTS = { sent: 'alertSent', failed: 'alertFailed', logged: 'alert' } as const;

function entry(
  level: Level,
  about: { readonly requestId?: string | undefined },
  message: MessageKey,
  values: LogValues,
): LogEntry {
  return { level, requestId: about.requestId, message, values };
}

/** The line about an admitted request. */
export function receivedEntry(event: RequestReceived): LogEntry {
  const client = event.clientAddress();
  const values = { model: event.model, client, key: event.keyName };
  return {
    level: 'info',
    requestId: event.requestId,
    message: 'received',
    values,
    members: (escape) => receivedMembers(event, client, escape),
  };
}

function attemptEntry(event: Extract<GatewayEvent, { type: 'attempt-ended' }>): LogEntry {
  const { attempt, number } = event;
  const duration = Math.round(attempt.endedAtMs - attempt.startedAtMs);
  const values = {
    number,
    route: attempt.route.id,
    reason: attempt.reason,
    outcome: outcomeText(attempt.outcome),
    duration,
  };
  const message = isFailure(attempt) ? 'attemptFailed' : 'attemptAnswered';
  return {
    ...entry(attemptLevel(attempt), event, message, values),
    members: (escape) => attemptMember(attempt, number, escape),
  };
}

function probeEntries({ provider, error, latencyMs }: ProviderProbed): LogEntry[] {
  if (error === undefined) return [];
  return [entry('warn', {}, 'probeFailed', { provider, error, duration: Math.round(latencyMs) })];
}

/** The line about the end of a request. */
export function endEntry(event: RequestEnded): LogEntry {
  const values = {
    provider: event.provider ?? (event.cache === undefined ? '-' : '(cache)'),
    status: event.status,
    duration: Math.round(event.endedAtMs - event.startedAtMs),
    attempts: attemptsSummary(event.history) || '-',
    code: event.code ?? '-',
    path: event.endpoint,
    key: event.keyName,
    client: event.clientAddress?.() || undefined,
  };
  const ending = endingOf(event);
  return {
    level: ENDING_LEVELS[ending],
    requestId: event.requestId,
    message: ENDING_MESSAGES[ending],
    values,
    members: (escape) => endedMembers(event, escape),
    measured: event,
  };
}

const ENDING_MESSAGES = {
  complete: 'succeeded',
  rejected: 'rejected',
  failed: 'failed',
  truncated: 'truncated',
  'client-left': 'left',
  refused: 'refused',
} as const;

/** The attempts of a request that took more than one and ended well. The lines of other endings include them. */
function attemptEntries(event: RequestEnded): LogEntry[] {
  if (event.ending !== 'complete' || event.history.length < 2) return [];
  return [entry('info', event, 'story', { attempts: attemptsSummary(event.history) })];
}

/** The durations and tokens of a request: the line that `enable_metrics` adds. */
export function metricsEntry(event: RequestEnded): LogEntry {
  const { history, startedAtMs, firstByteAtMs, endedAtMs, overheadMs, usage } = event;
  const isAnswered = history.at(-1)?.outcome.kind === 'answered';
  const attempts = history.map(
    (attempt) =>
      `${attempt.route.id} ${outcomeText(attempt.outcome)} ${milliseconds(attempt.endedAtMs - attempt.startedAtMs)}`,
  );
  const values = {
    total: Math.round(endedAtMs - startedAtMs),
    attempts: `[${attempts.join(', ')}]`,
    firstToken: isAnswered && firstByteAtMs !== undefined ? milliseconds(firstByteAtMs - startedAtMs) : '-',
    gateway: overheadMs === undefined ? '-' : `${hundredthsText(overheadMs)}ms`,
    tokens: usage === undefined ? '-' : tokensText(usage, event.isUsageEstimated),
    cost: event.cost?.nano === undefined ? '' : ` cost=${dollarsOf(event.cost.nano)}`,
    key: event.keyName,
  };
  return { level: 'info', requestId: event.requestId, message: 'metrics', values, measured: event };
}

function milliseconds(ms: number): string {
  return `${Math.round(ms)}ms`;
}

/** `12+34=46`, with a tilde if they were estimated. */
function tokensText({ inputTokens, outputTokens, totalTokens }: Usage, isEstimated: boolean): string {
  return `${isEstimated ? '~' : ''}${inputTokens ?? '?'}+${outputTokens ?? '?'}=${totalTokens ?? '?'}`;
}

function describeBug(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
