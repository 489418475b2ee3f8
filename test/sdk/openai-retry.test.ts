import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { RateLimitError } from 'openai';
import type { RequestEnded } from '../../src/gateway/events.ts';
import { throughGateway } from './openai-client.ts';
import { rejection, type Stage, startStage } from './stage.ts';

/** The gateway never retries here, so every retry is the client's. */
let stage: Stage;
/** The gateway with its default settings. */
let patient: Stage;

beforeAll(async () => {
  stage = await startStage('fallback: { retries: 0, cooldown_seconds: 0 }');
  patient = await startStage();
});
beforeEach(() => {
  stage.clear();
  patient.clear();
});
afterAll(() => Promise.all([stage.stop(), patient.stop()]));

const MESSAGES = [{ role: 'user' as const, content: 'Hello!' }];

test('a client over its limit waits as long as the gateway says, and is then served', async () => {
  const slow = throughGateway(stage, { apiKey: 'mk-slow' });
  await slow.chat.completions.create({ model: 'acme/chat', messages: MESSAGES });
  const completion = await slow.chat.completions.create({ model: 'acme/chat', messages: MESSAGES });

  expect(completion.object).toBe('chat.completion');
  const ended = await stage.ended(3);
  expect(statuses(ended)).toEqual([200, 429, 200]);
  expect(ended[1]?.code).toBe('rate_limit_exceeded');
  expect(pauseMs(ended[1], ended[2])).toBeGreaterThan(900);
  expect(stage.simulator.attempts).toHaveLength(2);
});

test('a client waits as long as the provider says, in seconds', async () => {
  const client = throughGateway(stage);
  await client.chat.completions.create({ model: 'mock/429?times=1&retry-after=1', messages: MESSAGES });
  const ended = await stage.ended(2);
  expect(statuses(ended)).toEqual([429, 200]);
  expect(pauseMs(ended[0], ended[1])).toBeGreaterThan(900);
});

test('a client waits as long as the provider says, in milliseconds', async () => {
  const client = throughGateway(stage);
  const model = 'mock/429?times=1&retry-after=30&retry-after-ms=150';
  await client.chat.completions.create({ model, messages: MESSAGES });
  const ended = await stage.ended(2);
  expect(statuses(ended)).toEqual([429, 200]);
  expect(pauseMs(ended[0], ended[1])).toBeGreaterThan(130);
});

test('a client repeats what failed by chance, stream or not', async () => {
  const client = throughGateway(stage);
  await client.chat.completions.create({ model: 'mock/500?times=1', messages: MESSAGES });
  await client.chat.completions.stream({ model: 'mock/503?times=1', messages: MESSAGES }).done();
  expect(statuses(await stage.ended(4))).toEqual([500, 200, 503, 200]);
});

test('a client does not repeat what it got wrong', async () => {
  const client = throughGateway(stage);
  await rejection(client.chat.completions.create({ model: 'mock/400', messages: MESSAGES }));
  await rejection(client.chat.completions.create({ model: 'no/such-model', messages: MESSAGES }));
  expect(statuses(await stage.ended(2))).toEqual([400, 404]);
});

test('a client that never gets through fails with the provider’s last answer', async () => {
  const client = throughGateway(stage, { maxRetries: 1 });
  const model = 'mock/429?retry-after-ms=50';
  const error = await rejection(client.chat.completions.create({ model, messages: MESSAGES }));
  expect(error).toBeInstanceOf(RateLimitError);
  expect(statuses(await stage.ended(2))).toEqual([429, 429]);
});

test('a short wait for the only provider is the gateway’s, and the client sees nothing of it', async () => {
  const client = throughGateway(patient, { maxRetries: 0 });
  const model = 'mock/429?times=1&retry-after=1';
  const { response } = await client.chat.completions.create({ model, messages: MESSAGES }).withResponse();
  expect(response.headers.get('x-llm-proxy-attempts')).toBe('2');
  const [ended] = await patient.ended();
  expect(ended?.status).toBe(200);
  expect(ended?.history.map(({ outcome }) => outcome.kind)).toEqual(['rate-limited', 'answered']);
});

function statuses(ended: readonly RequestEnded[]): number[] {
  return ended.map(({ status }) => status);
}

/** From the end of one request to the begin of the next. */
function pauseMs(before: RequestEnded | undefined, after: RequestEnded | undefined): number {
  return (after?.startedAtMs ?? 0) - (before?.endedAtMs ?? 0);
}
