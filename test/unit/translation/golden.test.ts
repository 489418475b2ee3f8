import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';
import { join } from 'node:path';
import { wholePiece } from '../../../src/translation/held-text.ts';
import { carry } from '../../../src/translation/carriage/carry.ts';
import type { ClientApi, Conversation, ProviderApi } from '../../../src/translation/conversation.ts';
import { readError, writeError } from '../../../src/translation/errors.ts';
import { createExchange, type Exchange, type Target } from '../../../src/translation/exchange.ts';
import type { DialectName } from '../../../src/translation/models/dialects.ts';
import {
  isTranslated,
  readRequest,
  translationFor,
  type Translation,
} from '../../../src/translation/pair.ts';
import { rateLimitHeaders } from '../../../src/translation/rate-limits.ts';
import type { Policy } from '../../../src/translation/losses.ts';
import { playBytes } from './golden-bytes.ts';
import { isOfVectors, playVectors } from './golden-vectors.ts';
import { clientEvents, difference, opened, type GoldenCase, type UpstreamEvent } from './golden-case.ts';

const FOLDER = join(import.meta.dir, '..', '..', 'golden', 'translation');
const cases: GoldenCase[] = [];
for (const file of [...new Glob('*.json').scanSync(FOLDER)].sort()) {
  cases.push((await Bun.file(join(FOLDER, file)).json()) as GoldenCase);
}

/** Whether the case keeps the same API on both sides, directly or through a carrier. */
const isOfBytes = (golden: GoldenCase): boolean => {
  return golden.client_api === golden.provider_api.split('@')[0];
};

describe.each(cases.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
  if (isOfBytes(golden)) {
    test('changes the bytes as the case says', () => playBytes(golden));
    return;
  }
  if (isOfVectors(golden)) {
    test('requests embeddings as the case says', () => playVectors(golden));
    return;
  }
  const [provider = ''] = golden.provider_api.split('@');
  if (!isTranslated(golden.client_api as ClientApi, provider as ProviderApi)) {
    test.todo('is played when both APIs are translated');
    return;
  }
  test('is translated as the case says', async () => {
    await play(golden, target(golden, provider as ProviderApi));
  });
});

function target(golden: GoldenCase, api: ProviderApi): Target {
  const given = golden.target;
  return {
    api,
    provider: given.provider,
    model: given.model,
    carriage: golden.provider_api.split('@')[1] as Target['carriage'],
    dialect: (given['dialect'] ?? 'generic') as DialectName,
    policy: (given['policy'] ?? 'warn') as Policy,
    autoCache: given['auto_cache'] === true,
    apiVersion: given['api_version'] as string | undefined,
    efforts: given['efforts'] as string[] | undefined,
    maxOutputTokens: given['max_output_tokens'] as number | undefined,
  };
}

async function play(golden: GoldenCase, to: Target): Promise<void> {
  const text = golden.request_raw ?? JSON.stringify(golden.request);
  const api = golden.client_api as ClientApi;
  const { request_id: requestId, now } = golden.fixed;
  const reading = await readRequest(api, text, { requestId, path: golden.request_path ?? '' });
  if (reading.kind === 'invalid')
    throw new Error(`the request is not read: ${reading.path}: ${reading.message}`);
  const { conversation } = reading;
  const translation = await translationFor(api, to.api, to);
  const written = translation.request(conversation, { requestId, now });
  const expected = golden.expected_upstream_request;
  if (written.kind === 'unsuitable') {
    expect(written.loss.path).toBe(expected?.unsuitable?.path ?? `suitable, but: ${written.loss.why}`);
    return;
  }
  expect(expected?.unsuitable).toBeUndefined();
  if (expected?.body !== undefined) {
    expect(difference(opened(expected.body), opened(carried(written.body, to)), 'upstream')).toBeUndefined();
  }
  for (const part of golden.expected_upstream_contains ?? []) expect(written.body).toContain(part);
  await playAnswer(golden, { translation, exchange: written.exchange, conversation, to });
  if (golden.expected_losses === undefined) return;
  const losses = written.exchange.losses.all().map(({ what, path }) => `${what} ${path}`);
  expect(losses.sort()).toEqual([...golden.expected_losses].sort());
}

/** The body after carriage, for cases of clients of other APIs. */
function carried(body: string, to: Target): unknown {
  if (to.carriage === undefined || to.api !== 'messages') return JSON.parse(body);
  const { model, carriage } = to;
  const carried = carry(new TextEncoder().encode(body), { model, carriage }, { operation: 'generate' });
  return JSON.parse(new TextDecoder().decode(carried.body));
}

interface Played {
  readonly translation: Translation;
  readonly exchange: Exchange;
  readonly conversation: Conversation;
  readonly to: Target;
}

async function playAnswer(golden: GoldenCase, played: Played): Promise<void> {
  const { upstream_response: given, expected_client_response: expected } = golden;
  if (given === undefined || expected === undefined) return;
  const { translation, exchange } = played;
  if (given.status >= 400 && expected.stream !== undefined) {
    playFailedStream(golden, played);
  } else if (given.status >= 400) {
    playError(golden, played);
  } else if (given.stream !== undefined) {
    playStream(golden, played);
    playCutAnywhere(golden, played);
  } else if (exchange.conversation.operation === 'count') {
    const tokens = translation.provider.readCount?.(JSON.stringify(given.body)) ?? -1;
    expect(JSON.parse(translation.client.writeCount?.(tokens) ?? '{}')).toEqual(expected.body);
  } else {
    const answer = translation.answer(JSON.stringify(given.body), exchange);
    const body = answer.kind === 'answer' ? JSON.parse(answer.body) : answer;
    expect(difference(opened(expected.body), opened(body), 'body')).toBeUndefined();
  }
}

function playError(golden: GoldenCase, { to }: Played): void {
  const given = golden.upstream_response;
  const expected = golden.expected_client_response;
  if (given === undefined || expected === undefined) return;
  const headers = new Map(Object.entries(given.headers ?? {}));
  const body = typeof given.body === 'string' ? given.body : JSON.stringify(given.body);
  const { request_id: requestId, now } = golden.fixed;
  const api = golden.client_api as ClientApi;
  const error = readError(to.api, { status: given.status, headers, body }, now);
  const told = writeError(api, error, requestId);
  expect(told.status).toBe(expected.status);
  expect(difference(expected.body, JSON.parse(told.body), 'error')).toBeUndefined();
  const all = { ...rateLimitHeaders({ from: to.api, to: api }, headers, now), ...told.headers };
  expect(all).toMatchObject(expected.headers ?? {});
}

/** A Responses client that asked for a stream gets some errors as one. */
function playFailedStream(golden: GoldenCase, { to, translation, exchange }: Played): void {
  const { status = 0, headers, body } = golden.upstream_response ?? {};
  const given = { status, headers: new Map(Object.entries(headers ?? {})), body: JSON.stringify(body) };
  const error = readError(to.api, given, golden.fixed.now);
  const text = new TextDecoder().decode(translation.stream(exchange).fail(error));
  const expected = golden.expected_client_response?.stream;
  expect(difference(opened(expected), opened(clientEvents(text)), 'event')).toBeUndefined();
}

function playStream(golden: GoldenCase, { translation, exchange }: Played): void {
  const expected = golden.expected_client_response;
  const stream = translation.stream(exchange);
  let text = '';
  let over: unknown;
  const take = (step: ReturnType<typeof stream.push>) => {
    for (const piece of step.bytes) text += new TextDecoder().decode(wholePiece(piece));
    over ??= step.over;
  };
  for (const event of golden.upstream_response?.stream ?? []) {
    const [name, data] = eventBytes(event);
    take(stream.push(name, data));
  }
  take(stream.atEndOfBytes());
  // In the Responses API, an event reports the failure, and the stream ends normally.
  const hasFailed = expected?.stream?.at(-1)?.event === 'response.failed';
  expect(over === 'complete').toBe(expected?.broken !== true && expected?.unclosed !== true && !hasFailed);
  if (over !== 'complete')
    text += new TextDecoder().decode(stream.fail(over as Parameters<typeof stream.fail>[0]));
  if (expected?.json_array !== undefined) {
    const array = JSON.parse(expected.unclosed === true ? `${text}]` : text) as unknown;
    expect(difference(opened(expected.json_array), opened(array), 'array')).toBeUndefined();
    return;
  }
  expect(difference(opened(expected?.stream), opened(clientEvents(text)), 'event')).toBeUndefined();
}

/** A stream that is cut before its final event has neither an end nor a successful finish. */
function playCutAnywhere(golden: GoldenCase, { translation, conversation, to }: Played): void {
  const events = golden.upstream_response?.stream ?? [];
  for (let length = 0; length < events.length; length++) {
    const exchange = createExchange(conversation, to, { requestId: 'req_golden', now: golden.fixed.now });
    const stream = translation.stream(exchange);
    for (const event of events.slice(0, length)) stream.push(...eventBytes(event));
    const { over } = stream.atEndOfBytes();
    if (over === 'complete') continue;
    const last = new TextDecoder().decode(stream.fail(over ?? { kind: 'server', message: 'x' }));
    expect(last).not.toMatch(/\[DONE\]|response\.(?:completed|incomplete)/);
  }
}

function eventBytes(event: UpstreamEvent): [string, Uint8Array] {
  const exception = event[':exception-type'];
  const frame = event[':event-type'] ?? (exception === undefined ? undefined : `exception ${exception}`);
  const data = frame === undefined ? event.data : event.payload;
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return [frame ?? event.event ?? '', new TextEncoder().encode(text)];
}
