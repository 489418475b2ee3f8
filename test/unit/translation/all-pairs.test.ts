import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import { wholePiece } from '../../../src/translation/held-text.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import { type Forms, FORMS } from './answer-forms.ts';
import { messagesAnswer } from './conversations.ts';
import { playRequest } from './request-play.ts';
import { BODIES, type Round, type Session, session } from './sessions.ts';
import { exchangeFor } from './stream-play.ts';

const ASKED = ['chat', 'responses', 'messages', 'gemini'] as const;
const CLIENTS = [...ASKED, 'completions'] as const;
const PROVIDERS = ['chat', 'responses', 'messages', 'gemini', 'converse'] as const;
const MODELS: Readonly<Record<ProviderApi, string>> = {
  chat: 'gpt-4o',
  responses: 'gpt-5.5',
  messages: 'claude-opus-4-8',
  gemini: 'gemini-3-pro',
  converse: 'amazon.nova-pro-v1:0',
};

function pairsOf<From extends ClientApi>(clients: readonly From[]): (readonly [From, ProviderApi])[] {
  return clients.flatMap((from) =>
    PROVIDERS.filter((to) => from !== (to as ClientApi)).map((to) => [from, to] as const),
  );
}

describe('a request that grows by a turn', () => {
  const last: Round = { kind: 'user', parts: [{ text: 'and then?' }] };
  const more: readonly Round[] = [{ kind: 'assistant', text: 'Yes.', calls: [] }, last];

  test.each(pairsOf(ASKED))('keeps everything before it, from %s to %s', async (from, to) => {
    const bodyOf = async (of: Session) =>
      (await playRequest([from, to], BODIES[from](of), { model: MODELS[to] })).body;
    await fc.assert(
      fc.asyncProperty(session, async (given) => {
        const short = { ...given, rounds: [...given.rounds, last] };
        const once = await bodyOf(short);
        expect(JSON.stringify(await bodyOf(short))).toBe(JSON.stringify(once));
        const longer = await bodyOf({ ...given, rounds: [...short.rounds, ...more] });
        const [before, after] = [blocksOf(once), blocksOf(longer)];
        expect(after.slice(0, before.length)).toEqual(before);
        expect(withoutTurns(longer)).toEqual(withoutTurns(once));
      }),
      { numRuns: 60 },
    );
  });
});

const TURNS = ['messages', 'input', 'contents'];

/** All blocks with the role of their turn. Turns of one role may be joined. */
function blocksOf(body: Record<string, unknown>): unknown[] {
  const turns = TURNS.map((name) => body[name]).find(Array.isArray) as Record<string, unknown>[];
  return turns.flatMap(({ content, parts, ...turn }) => {
    const blocks = content ?? parts;
    return Array.isArray(blocks) ? blocks.map((block: unknown) => [turn, block]) : [[turn, blocks]];
  });
}

function withoutTurns(body: Record<string, unknown>): unknown {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !TURNS.includes(name)));
}

type Answer = Parameters<Forms['whole']>[0];

/** An exchange with a tool, of a client that keeps sealed reasoning and wants to see usage. */
function exchangeOf(from: ClientApi, to: ProviderApi) {
  const schema = { type: 'object', properties: {} };
  const requests: Readonly<Record<string, Record<string, unknown>>> = {
    chat: {
      stream_options: { include_usage: true },
      tools: [{ type: 'function', function: { name: 'get_weather', parameters: schema } }],
    },
    responses: {
      input: 'x',
      include: ['reasoning.encrypted_content'],
      tools: [{ type: 'function', name: 'get_weather', parameters: schema }],
    },
    messages: { tools: [{ name: 'get_weather', input_schema: schema }] },
    gemini: {
      contents: [{ role: 'user', parts: [{ text: 'x' }] }],
      tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: schema }] }],
    },
    completions: { prompt: 'x', stream_options: { include_usage: true } },
  };
  return exchangeFor({ from, to, request: requests[from] ?? {}, target: { model: MODELS[to] } });
}

/** The content of a client's stream and of its whole answer, as a reader of its API sees it. */
async function bothOf(from: ClientApi, to: ProviderApi, answer: Answer) {
  const exchange = await exchangeOf(from, to);
  const translation = await translationFor(from, to, exchange.target);
  const whole = translation.answer(JSON.stringify(await FORMS[to].whole(answer)), exchange);
  const stream = translation.stream(exchange);
  const decoder = new TextDecoder();
  let text = '';
  for (const [name, data] of await FORMS[to].stream(answer))
    for (const bytes of stream.push(name, data).bytes) text += decoder.decode(wholePiece(bytes));
  const end = stream.atEndOfBytes();
  for (const bytes of end.bytes) text += decoder.decode(wholePiece(bytes));
  return { whole, text, isComplete: end.over === 'complete' };
}

/** The answer in the terms of a Chat client: it reads every API. */
async function told(
  api: Exclude<ClientApi, 'completions' | 'embeddings'>,
  given: string | readonly string[],
) {
  const exchange = await exchangeOf('chat', api);
  const translation = await translationFor('chat', api, exchange.target);
  const collector = translation.collector(exchange);
  if (typeof given === 'string') return translation.answer(given, exchange);
  for (const data of given) collector.push('', new TextEncoder().encode(data));
  return collector.answer();
}

/** The data of each event. */
function dataIn(text: string): string[] {
  return text
    .split(/\r?\n\r?\n/)
    .flatMap((event) => /^data: (.*)$/m.exec(event)?.[1] ?? [])
    .filter((data) => data !== '[DONE]' || text.includes('"object":"chat'));
}

function isSaid({ type }: { readonly type: string }): boolean {
  return !type.includes('thinking');
}

/** Any end of an answer that a client takes for success. */
const SUCCESS: Readonly<Record<string, RegExp>> = {
  chat: /\[DONE\]|"finish_reason":"/,
  completions: /\[DONE\]|"finish_reason":"/,
  responses: /response\.(?:completed|incomplete)/,
  messages: /message_stop|"stop_reason":"/,
  gemini: /"finishReason":"/,
};

describe('a streamed answer', () => {
  test.each(pairsOf(ASKED))('says the same as a whole one, from %s to %s', async (from, to) => {
    await fc.assert(
      fc.asyncProperty(messagesAnswer, async (given) => {
        // A whole answer of Chat has no order: it tells the reasoning first.
        const content = given.content.toSorted((a, b) => Number(isSaid(a)) - Number(isSaid(b)));
        const answer = { ...given, content };
        const { whole, text, isComplete } = await bothOf(from, to, answer);
        if (whole.kind !== 'answer') throw new Error(whole.error.message);
        expect(isComplete).toBe(true);
        const streamed = from === 'gemini' ? arrayIn(text) : dataIn(text);
        const [one, other] = [await told(from, streamed), await told(from, whole.body)];
        if (one.kind !== 'answer' || other.kind !== 'answer') throw new Error('not read');
        expect(withoutIds(one.body)).toEqual(withoutIds(other.body));
      }),
      { numRuns: 40 },
    );
  });

  test.each(pairsOf(CLIENTS))(
    'that is cut anywhere has no end, and its error is the last event: from %s to %s',
    async (from, to) => {
      await fc.assert(
        fc.asyncProperty(messagesAnswer, fc.nat(), async (answer, at) => {
          const exchange = await exchangeOf(from, to);
          const stream = (await translationFor(from, to, exchange.target)).stream(exchange);
          const decoder = new TextDecoder();
          const events = await FORMS[to].stream(answer);
          let text = '';
          let over: unknown;
          for (const [name, data] of events.slice(0, at % (events.length + 1))) {
            const step = stream.push(name, data);
            for (const bytes of step.bytes) text += decoder.decode(wholePiece(bytes));
            over ??= step.over;
          }
          over ??= stream.atEndOfBytes().over;
          if (over === 'complete') return;
          expect(over).toMatchObject({ code: 'upstream_truncated' });
          const error = decoder.decode(stream.fail(over as Parameters<typeof stream.fail>[0]));
          expect(text + error).not.toMatch(SUCCESS[from] ?? /^/);
          expect(error).toMatch(/"error":\{/);
        }),
        { numRuns: 60 },
      );
    },
  );
});

/** The elements of the array that a Gemini client without `alt=sse` gets. */
function arrayIn(text: string): string[] {
  return (JSON.parse(text) as unknown[]).map((chunk) => JSON.stringify(chunk));
}

/** Ids, times and what is sealed: it names the place of its item, which a stream learns late. */
const UNIQUE = new Set(['id', 'created', 'model', 'data']);

/** The content, without ids and times that each reading makes anew, and with texts joined. */
function withoutIds(body: string): unknown {
  return JSON.parse(body, (key, value: unknown) => (UNIQUE.has(key) ? undefined : value)) as unknown;
}

describe('a reader of answers and a writer', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.json({ maxDepth: 3 }).map((text) => new TextEncoder().encode(text)),
  );

  test.each(pairsOf(CLIENTS))('never throw, from %s to %s', async (from, to) => {
    const exchange = await exchangeOf(from, to);
    const translation = await translationFor(from, to, exchange.target);
    await fc.assert(
      fc.asyncProperty(
        messagesAnswer,
        fc.array(fc.tuple(fc.nat(), garbage), { maxLength: 4 }),
        async (answer, noise) => {
          const events = [...(await FORMS[to].stream(answer))];
          for (const [at, bytes] of noise) events.splice(at % (events.length + 1), 0, ['', bytes]);
          const stream = translation.stream(exchange);
          for (const [name, data] of events) stream.push(name, data);
          expect(stream.atEndOfBytes().over).toBeDefined();
          const text = JSON.stringify(await FORMS[to].whole(answer));
          for (const [at, bytes] of noise) {
            const cut = text.slice(0, at % text.length) + new TextDecoder().decode(bytes);
            expect(['answer', 'failed']).toContain(translation.answer(cut, exchange).kind);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
