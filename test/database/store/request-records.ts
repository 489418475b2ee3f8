import type { RequestEnded } from '../../../src/gateway/events.ts';
import type { RequestRecord } from '../../../src/store/records/request-record.ts';

let number = 0;

/** A record of a successful request, with a new id. */
export function record(more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    endedAtMs: 1_767_225_600_000,
    requestId: `req_${String(number++).padStart(8, '0')}`,
    key: 'team-a',
    model: 'fast',
    provider: 'openai',
    attempts: 1,
    ending: 'complete',
    status: 200,
    promptTokens: 3,
    completionTokens: 5,
    totalTokens: 8,
    cachedTokens: 1,
    reasoningTokens: 2,
    isEstimated: false,
    isStreamed: true,
    firstTokenMs: 12,
    durationMs: 34,
    costNano: 1_500,
    costBasis: 'provider',
    priceRef: null,
    priceSheet: null,
    ...more,
  };
}

/** The event of a successful request. */
export function ended(more: Partial<RequestEnded> = {}): RequestEnded {
  return {
    type: 'request-ended',
    requestId: `req_${String(number++).padStart(8, '0')}`,
    ending: 'complete',
    method: 'POST',
    endpoint: '/v1/chat/completions',
    model: 'fast',
    servedAs: 'fast',
    provider: 'openai',
    keyName: 'team-a',
    status: 200,
    code: undefined,
    history: [],
    usage: { inputTokens: 3, outputTokens: 5, totalTokens: 8, cachedTokens: 1, reasoningTokens: undefined },
    isUsageEstimated: false,
    isStreamed: false,
    overheadMs: 1,
    startedAtMs: 1000,
    firstByteAtMs: 1012.4,
    endedAtMs: 1034,
    ...more,
  };
}
