import type { GatewayEvent, RequestEnded } from '../../src/gateway/events.ts';

const HEADERS = new Headers({
  host: '127.0.0.1:18000',
  authorization: 'Bearer mk-client-key',
  'content-type': 'application/json',
});
const BODY = new Uint8Array(100);
const ENDPOINT = '/v1/chat/completions';

/** All events of a streamed request that its first route answers. The numbers give it an id and its times. */
export function streamedRequest(
  number: number,
): readonly [GatewayEvent, GatewayEvent, GatewayEvent, RequestEnded] {
  const requestId = `req_${number.toString(16).padStart(12, '0')}`;
  const attempt = {
    route: { id: 'main/gpt', provider: 'main', upstreamModel: 'gpt', priority: 1, weight: 1 },
    reason: 'first',
    isProbe: false,
    model: 'gpt',
    outcome: { kind: 'answered' },
    startedAtMs: number,
    endedAtMs: number + 900,
  } as const;
  return [
    {
      type: 'request-started',
      requestId,
      method: 'POST',
      endpoint: ENDPOINT,
      path: ENDPOINT,
      headers: HEADERS,
    },
    {
      type: 'request-received',
      requestId,
      model: 'gpt',
      keyName: 'team',
      clientAddress: () => '127.0.0.1',
      body: BODY,
    },
    { type: 'attempt-ended', requestId, number: 1, attempt },
    {
      type: 'request-ended',
      requestId,
      ending: 'complete',
      method: 'POST',
      endpoint: ENDPOINT,
      model: 'gpt',
      servedAs: 'gpt',
      provider: 'main',
      keyName: 'team',
      status: 200,
      code: undefined,
      history: [attempt],
      usage: {
        inputTokens: 100,
        outputTokens: 200,
        totalTokens: 300,
        cachedTokens: 0,
        reasoningTokens: undefined,
      },
      isUsageEstimated: false,
      isStreamed: true,
      overheadMs: 0.1,
      startedAtMs: number,
      firstByteAtMs: number + 900,
      endedAtMs: number + 4_000,
    },
  ];
}
