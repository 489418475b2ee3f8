import { thousandthsText } from '../../lib/decimal-text.ts';
import type { RequestEnded, RequestReceived, TranslationReport } from '../../gateway/events.ts';
import { type Attempt, isClientFault } from '../../routing/outcome.ts';
import { METHODS, OPERATIONS } from '../vocabulary.ts';

/**
 * The functions below return members of a JSON line besides its own values, each with a comma before it, and named as in
 * OpenTelemetry where possible. Text costs half of what an object for `JSON.stringify` does. Nothing is written for
 * undefined.
 */

/** Redacts a text and escapes it for JSON. Every text that a client or a provider may have chosen passes through it. */
export type Escape = (text: string) => string;

/** The members of an admitted request. */
export function receivedMembers({ model }: RequestReceived, client: string, escape: Escape): string {
  return `,"gen_ai.request.model":"${escape(model)}"${client && textMember('client.address', client, escape)}`;
}

/** The members of a finished request, without its measures. */
export function endedMembers(event: RequestEnded, escape: Escape): string {
  const { endpoint, status, ending, history, translation, cache, cost } = event;
  const method = METHODS.has(event.method) ? event.method : '_OTHER';
  const operation = OPERATIONS[endpoint];
  const code = event.code ?? (status >= 400 ? String(status) : undefined);
  let members = `,"http.request.method":"${method}","http.route":"${endpoint}","http.response.status_code":${status}`;
  if (code !== undefined) members += textMember('error.type', code, escape);
  if (operation !== undefined) members += `,"gen_ai.operation.name":"${operation}"`;
  if (translation !== undefined) members += `,"translation":${translationText(translation, escape)}`;
  members += `,"ending":"${ending}"`;
  if (cache !== undefined) members += `,"cache":"${cache}"`;
  if (cost?.savedNano !== undefined) members += `,"saved_usd":${cost.savedNano / 1e9}`;
  if (history.length > 0) members += `,"attempt_list":[${attemptList(history, escape)}]`;
  return members;
}

/** The measures of a finished request: durations in milliseconds, numbers as numbers. */
export function measureMembers(event: RequestEnded, escape: Escape): string {
  const { usage, startedAtMs, firstByteAtMs, endedAtMs, overheadMs, provider } = event;
  const model = modelOf(event);
  let members = '';
  if (provider !== undefined) members += textMember('gen_ai.provider.name', provider, escape);
  if (model !== undefined) members += textMember('gen_ai.request.model', model, escape);
  if (usage?.inputTokens !== undefined) members += `,"gen_ai.usage.input_tokens":${usage.inputTokens}`;
  if (usage?.outputTokens !== undefined) members += `,"gen_ai.usage.output_tokens":${usage.outputTokens}`;
  if (usage?.totalTokens !== undefined) members += `,"total_tokens":${usage.totalTokens}`;
  if (event.isUsageEstimated) members += ',"is_usage_estimated":true';
  members += `,"duration_ms":${thousandthsText(endedAtMs - startedAtMs)}`;
  if (firstByteAtMs !== undefined)
    members += `,"first_byte_ms":${thousandthsText(firstByteAtMs - startedAtMs)}`;
  if (overheadMs !== undefined) members += `,"gateway_ms":${thousandthsText(overheadMs)}`;
  return members;
}

/** The member about one attempt, for a line of its own. */
export function attemptMember(attempt: Attempt, number: number, escape: Escape): string {
  return `,"attempt":{"number":${number}${attemptMembers(attempt, escape)}}`;
}

function attemptList(history: readonly Attempt[], escape: Escape): string {
  let list = '';
  for (const attempt of history)
    list += `${list === '' ? '' : ','}{${attemptMembers(attempt, escape).slice(1)}}`;
  return list;
}

function attemptMembers(attempt: Attempt, escape: Escape): string {
  const { route, outcome, reason, isResent, startedAtMs, endedAtMs } = attempt;
  const detail = detailOf(outcome);
  let members = textMember('provider', route.provider, escape);
  if (route.upstreamModel !== undefined) members += textMember('model', route.upstreamModel, escape);
  members += `,"reason":"${reason}","outcome":"${outcome.kind}"`;
  if ('status' in outcome) members += `,"status":${outcome.status}`;
  // The party that caused the failure, if known.
  if (isClientFault(outcome)) members += ',"is_client_fault":true';
  if (detail !== undefined) members += textMember('detail', detail, escape);
  if (isResent === true) members += ',"is_resent":true';
  return `${members},"duration_ms":${thousandthsText(endedAtMs - startedAtMs)}`;
}

function translationText({ from, to, losses, count }: TranslationReport, escape: Escape): string {
  const list = losses.map(
    ({ what, path, why }) => `{"what":"${what}","path":"${escape(path)}","why":"${escape(why)}"}`,
  );
  const more = count > losses.length ? `,"loss_count":${count}` : '';
  return `{"from":"${escape(from)}","to":"${escape(to)}","losses":[${list.join(',')}]${more}}`;
}

/** The requested model. A request without one, such as for a file, is named after its provider. */
function modelOf({ model, history }: RequestEnded): string | undefined {
  for (const { route } of history) if (route.upstreamModel === undefined) return undefined;
  return model;
}

/** The cause beyond kind and status, such as `connect` or `error-object`. */
function detailOf(outcome: Attempt['outcome']): string | undefined {
  switch (outcome.kind) {
    case 'answered':
    case 'cancelled':
    case 'rejected':
    case 'rate-limited':
      return undefined;
    case 'failed':
      return outcome.defect;
    case 'unreachable':
      return outcome.reason;
    case 'unsuitable':
      return outcome.loss.path || undefined;
    case 'timed-out':
      return outcome.phase;
  }
}

function textMember(name: string, text: string, escape: Escape): string {
  return `,"${name}":"${escape(text)}"`;
}
