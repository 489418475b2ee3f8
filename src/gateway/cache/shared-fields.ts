import { requestIdField, setLimitFields } from '../answer-headers.ts';
import type { AnswerFields } from '../client-answer.ts';
import { isEventType } from '../event-stream.ts';
import type { PlannedRequest } from '../request-context.ts';

/** Fields of one request's way through the gateway and its provider, which say nothing about another. */
const OWN: ReadonlySet<string> = new Set([
  'age',
  'cf-ray',
  'date',
  'openai-processing-ms',
  'request-id',
  'server-timing',
  'x-envoy-upstream-service-time',
  'x-llm-proxy-attempts',
  'x-llm-proxy-budget',
  'x-llm-proxy-cache',
  'x-llm-proxy-cost',
  'x-llm-proxy-provider',
  'x-llm-proxy-request-id',
  'x-llm-proxy-trail',
  'x-llm-proxy-warning',
  'x-request-id',
]);

/** The fields of an answer that hold for everybody who gets it. */
export function sharedFields(fields: AnswerFields): AnswerFields {
  const shared: AnswerFields = {};
  for (const name in fields) {
    if (!OWN.has(name) && !name.includes('ratelimit')) shared[name] = fields[name] ?? '';
  }
  return shared;
}

/** Whether the body is a stream of events. */
export function isEventStream(fields: AnswerFields): boolean {
  return isEventType(fields['content-type'] ?? '');
}

/** The fields of an answer for which no provider was asked. Adds to `fields`. */
export function ownFields(fields: AnswerFields, planned: PlannedRequest, nowMs: number): AnswerFields {
  setLimitFields(fields, planned.admission);
  fields['x-llm-proxy-request-id'] = planned.id;
  fields[requestIdField(planned.request)] = planned.id;
  fields['x-llm-proxy-cache'] = planned.cache ?? '';
  fields['x-llm-proxy-attempts'] = '0';
  fields['x-llm-proxy-cost'] = '0';
  fields['server-timing'] = `gateway;dur=${(nowMs - planned.plannedAtMs).toFixed(2)}`;
  return fields;
}
