import { afterEach, expect, test } from 'bun:test';
import { carry } from '../../../../src/translation/carriage/carry.ts';
import type { Target } from '../../../../src/translation/exchange.ts';
import { readRequest, translationFor } from '../../../../src/translation/pair.ts';
import type { BodyOrder } from '../../../../src/gateway/translated/request-body.ts';
import { revivedExchange } from '../../../../src/gateway/translated/thread/sent-exchange.ts';
import { TranslationThread } from '../../../../src/gateway/translated/thread/translation-thread.ts';
import { writtenAnswer } from '../../../../src/gateway/translated/written-answer.ts';

const threads: TranslationThread[] = [];
const started = (mostMs?: number): TranslationThread => {
  const thread = new TranslationThread(mostMs);
  threads.push(thread);
  return thread;
};
afterEach(() => {
  for (const thread of threads.splice(0)) thread.stop();
});

const bytesOf = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const on = (bytes: Uint8Array) => ({ bytes, signal: new AbortController().signal });
const FACTS = { requestId: 'req_x', now: 1_790_000_000 };
const CONTEXT = { requestId: 'req_x', path: '/v1/responses' };
const ORDER: BodyOrder = {
  facts: FACTS,
  wanted: 'answer',
  betas: undefined,
  midSystem: undefined,
  files: undefined,
};
const TARGET: Target = {
  provider: 'up',
  api: 'messages',
  carriage: undefined,
  model: 'claude-sonnet-4-5',
  dialect: 'generic',
  policy: 'warn',
};
const ASKED = `{"model":"m","store":false,"temperature":0.10000000000000000001,"metadata":{"big":12345678901234567890},
  "seed":1,"input":"Hello","tools":[{"type":"custom","name":"a tool","description":"d"}]}`;

async function request(thread: TranslationThread, target = TARGET, order = ORDER) {
  const work = {
    api: 'responses',
    context: CONTEXT,
    order,
    targets: { plain: target, withTools: target },
  } as const;
  return thread.run('request', work, on(bytesOf(ASKED)));
}

test('a request and its answer are the same as without a thread', async () => {
  const translation = await translationFor('responses', 'messages', TARGET);
  const reading = await readRequest('responses', ASKED, CONTEXT);
  if (reading.kind !== 'read') throw new Error(reading.message);
  const here = translation.request(reading.conversation, FACTS);
  const thread = started();
  const there = await request(thread);
  if (here.kind !== 'written' || there?.kind !== 'written') throw new Error('not written');
  expect(new TextDecoder().decode(there.body)).toBe(here.body);
  const revived = revivedExchange(there.exchange);
  expect([...revived.losses.all()]).toEqual([...here.exchange.losses.all()]);
  expect(revived.losses.count()).toBe(here.exchange.losses.count());

  const answer = JSON.stringify({
    type: 'message',
    model: 'claude',
    content: [
      { type: 'text', text: 'Hi' },
      { type: 'tool_use', id: 'toolu_1', name: 'a_tool', input: { input: 'x' } },
      { type: 'unheard_of' },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 3, output_tokens: 4 },
  });
  const whole = writtenAnswer(answer, here.exchange, translation);
  const made = await thread.run('answer', { exchange: there.exchange }, on(bytesOf(answer)));
  if (whole.kind !== 'answer' || made?.kind !== 'answer') throw new Error('not answered');
  expect(new TextDecoder().decode(made.body)).toBe(new TextDecoder().decode(whole.body));
  expect(new TextDecoder().decode(made.body)).toContain('12345678901234567890');
  expect(made.usage).toEqual(whole.usage);
  expect(made.losses.all).toEqual(here.exchange.losses.all());
});

test('a body is put into its envelope', async () => {
  const bytes = bytesOf({
    model: 'm',
    max_tokens: 9,
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const target = { carriage: 'bedrock', model: 'claude-sonnet-4-5' } as const;
  const how = { operation: 'generate', betas: 'unknown-beta' } as const;
  const here = carry(bytes, target, how);
  const there = await started().run('carry', { target, request: how }, on(bytes));
  expect(there?.body).toEqual(here.body);
  expect(there?.losses.all).toEqual(here.losses.all());
});

test("the bytes stay the caller's, whatever they are a view of", async () => {
  const thread = started();
  const whole = bytesOf('{"model":"m"}');
  const buffer = Buffer.from(whole.buffer);
  const target = { carriage: 'vertex', model: 'claude' } as const;
  for (const bytes of [buffer, buffer.subarray(0), whole]) {
    await thread.run('carry', { target, request: { operation: 'generate' } }, on(bytes));
    expect(bytes.byteLength).toBe(13);
  }
});

test('bytes that nobody else needs are moved to the thread, unless they are a view', async () => {
  const thread = started();
  const whole = bytesOf('{"model":"m"}');
  const view = new Uint8Array(bytesOf('[{"model":"m"}]').buffer, 1, 13);
  const target = { carriage: 'vertex', model: 'claude' } as const;
  const work = { target, request: { operation: 'generate' } } as const;
  for (const bytes of [whole, view])
    expect(
      (await thread.run('carry', work, { ...on(bytes), isLastUse: true }))?.body.byteLength,
    ).toBeGreaterThan(0);
  expect([whole.byteLength, view.byteLength]).toEqual([0, 13]);
});

test('what cannot be read or sent, and what is only counted, comes back as such', async () => {
  const thread = started();
  const work = {
    api: 'chat',
    context: CONTEXT,
    order: ORDER,
    targets: { plain: TARGET, withTools: TARGET },
  } as const;
  expect(await thread.run('request', work, on(bytesOf('{"messages":[{"role":"who"}]}')))).toMatchObject({
    kind: 'invalid',
    path: 'messages[0].role',
  });
  const strict = { ...TARGET, policy: 'reject' } as const;
  expect(await request(thread, strict)).toMatchObject({
    kind: 'unsuitable',
    pair: 'openai-responses>messages',
  });
  expect(await request(thread, TARGET, { ...ORDER, wanted: 'estimate' })).toMatchObject({
    kind: 'countable',
  });
});

test('work that nobody waits for is not begun', async () => {
  const thread = started();
  const first = request(thread);
  const gone = new AbortController();
  const target = { carriage: 'vertex', model: 'claude' } as const;
  const skipped = thread.run(
    'carry',
    { target, request: { operation: 'generate' } },
    { bytes: bytesOf('{"model":"m"}'), signal: gone.signal },
  );
  gone.abort();
  expect((await first)?.kind).toBe('written');
  expect(await skipped).toBeUndefined();
  expect((await request(thread))?.kind).toBe('written');
});

test('work that takes too long is given up, and the next begins in a new thread', async () => {
  const thread = started(0);
  expect(await request(thread)).toBeUndefined();
  expect(await request(thread)).toBeUndefined();
});

test('a bug is told with its trace', async () => {
  const none = null as unknown as Target;
  const failure = await request(started(), none).catch((error: unknown) => error);
  expect(String(failure)).toContain('perform.ts');
});

test('bytes that cannot be sent fail their work only', async () => {
  const thread = started();
  const bytes = bytesOf('{"model":"m"}');
  structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
  const target = { carriage: 'vertex', model: 'claude' } as const;
  const work = { target, request: { operation: 'generate' } } as const;
  const failure = await thread
    .run('carry', work, { ...on(bytes), isLastUse: true })
    .catch((error: unknown) => error);
  expect(String(failure)).toContain('the thread that translates failed');
  expect((await request(thread))?.kind).toBe('written');
});

test('work that was given up while its bytes were copied is not begun', async () => {
  const thread = started();
  const target = { carriage: 'vertex', model: 'claude' } as const;
  const carried = (turns: number) => {
    const body = { model: 'm', text: 'x'.repeat(turns * 1_048_576) };
    return thread.run('carry', { target, request: { operation: 'generate' } }, on(bytesOf(body)));
  };
  const first = carried(2);
  const second = carried(4);
  thread.stop();
  expect([await first, await second]).toEqual([undefined, undefined]);
  const third = await carried(6);
  expect(third?.body.byteLength).toBeGreaterThan(6 * 1_048_576);
});
