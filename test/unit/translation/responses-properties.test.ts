import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import OpenAI from 'openai';
import { wholePiece } from '../../../src/translation/held-text.ts';
import type { ProviderApi } from '../../../src/translation/conversation.ts';
import type { Target } from '../../../src/translation/exchange.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import { chatRequest, messagesAnswer, messagesEvents } from './conversations.ts';
import { clientEvents } from './golden-case.ts';
import { playRequest } from './request-play.ts';
import { exchangeFor } from './stream-play.ts';

const PROVIDERS = ['chat', 'messages', 'gemini', 'converse', 'responses'] as const;

function target(api: ProviderApi, model: string): Target {
  return { provider: 'p1', api, carriage: undefined, model, dialect: 'generic', policy: 'warn' };
}

describe('a request of a Responses client', () => {
  test.each(PROVIDERS)(
    'is written for %s identically twice, and a longer one has the same prefix',
    async (api) => {
      const bodyOf = async (body: object) =>
        (await playRequest(['responses', api], body, { model: 'm' })).body;
      await fc.assert(
        fc.asyncProperty(chatRequest, async (chat) => {
          const { body } = await playRequest(['chat', 'responses'], chat);
          const once = await bodyOf(body);
          expect(JSON.stringify(await bodyOf(body))).toBe(JSON.stringify(once));
          const more = [
            { role: 'assistant', content: [{ type: 'output_text', text: 'Yes', annotations: [] }] },
            { role: 'user', content: 'x' },
          ];
          const longer = await bodyOf({ ...body, input: [...(body['input'] as unknown[]), ...more] });
          expect(turnsOf(longer).slice(0, turnsOf(once).length)).toEqual(turnsOf(once));
        }),
        { numRuns: 50 },
      );
    },
  );
});

function turnsOf(body: Record<string, unknown>): unknown[] {
  return (body['messages'] ?? body['contents'] ?? body['input']) as unknown[];
}

/** The answer that a Responses client gets from Anthropic's answer, whole and streamed. */
async function throughResponses(
  answer: Parameters<typeof messagesEvents>[0],
): Promise<{ whole: string; stream: string }> {
  const request = { input: 'x', include: ['reasoning.encrypted_content'] };
  const exchange = await exchangeFor({ from: 'responses', to: 'messages', request });
  const translation = await translationFor('responses', 'messages', exchange.target);
  const whole = translation.answer(JSON.stringify(answer), exchange);
  if (whole.kind !== 'answer') throw new Error('no answer');
  const stream = translation.stream(exchange);
  const decoder = new TextDecoder();
  const bytes = messagesEvents(answer).flatMap(
    (event) => stream.push('', new TextEncoder().encode(JSON.stringify(event))).bytes,
  );
  return { whole: whole.body, stream: bytes.map((piece) => decoder.decode(wholePiece(piece))).join('') };
}

describe('an answer written for a Responses client', () => {
  test('reads the same from a stream and from a whole answer', async () => {
    const to = target('responses', 'gpt-5-6');
    const translation = await translationFor('chat', 'responses', to);
    const exchange = await exchangeFor({ from: 'chat', to: 'responses', target: to });
    await fc.assert(
      fc.asyncProperty(messagesAnswer, async (answer) => {
        const told = await throughResponses(answer);
        const whole = translation.answer(told.whole, exchange);
        const collector = translation.collector(exchange);
        for (const { event, data } of clientEvents(told.stream))
          collector.push(event ?? '', new TextEncoder().encode(JSON.stringify(data)));
        const streamed = collector.answer();
        if (whole.kind !== 'answer' || streamed.kind !== 'answer') throw new Error('no answer');
        expect(JSON.parse(streamed.body)).toEqual(JSON.parse(whole.body));
      }),
    );
  });

  test('has no end if it is cut anywhere, and no text beyond that of the whole', async () => {
    const to = target('responses', 'gpt-5-6');
    const translation = await translationFor('chat', 'responses', to);
    const exchange = await exchangeFor({ from: 'chat', to: 'responses', target: to });
    await fc.assert(
      fc.asyncProperty(messagesAnswer, fc.nat(), async (answer, at) => {
        const events = clientEvents((await throughResponses(answer)).stream);
        const stream = translation.stream(exchange);
        let over: unknown;
        for (const { data } of events.slice(0, at % events.length))
          over ??= stream.push('', new TextEncoder().encode(JSON.stringify(data))).over;
        over ??= stream.atEndOfBytes().over;
        expect(over).toMatchObject({ code: 'upstream_truncated' });
      }),
    );
  });
});

describe("OpenAI's own client", () => {
  let server: Bun.Server<undefined>;
  let answer = '';
  beforeAll(() => {
    const headers = { 'content-type': 'text/event-stream' };
    server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(answer, { headers }) });
  });
  afterAll(() => server.stop(true));

  test('ends a stream with the same response as a whole answer', async () => {
    const client = new OpenAI({ apiKey: 'k', baseURL: `${server.url.origin}/v1`, maxRetries: 0 });
    await fc.assert(
      fc.asyncProperty(messagesAnswer, async (given) => {
        const told = await throughResponses(given);
        answer = told.stream;
        const final = await client.responses.stream({ model: 'm', input: 'x' }).finalResponse();
        expect(final as unknown).toMatchObject(JSON.parse(told.whole));
      }),
      { numRuns: 25 },
    );
  });

  test('reports a failure as one', async () => {
    const client = new OpenAI({ apiKey: 'k', baseURL: `${server.url.origin}/v1`, maxRetries: 0 });
    const exchange = await exchangeFor({ from: 'responses', to: 'chat', request: { input: 'x' } });
    const { fail } = (await translationFor('responses', 'chat', exchange.target)).stream(exchange);
    answer = new TextDecoder().decode(fail({ kind: 'server', message: 'Broke.' }));
    const final = await client.responses.stream({ model: 'm', input: 'x' }).finalResponse();
    expect([final.status, final.error?.message]).toEqual(['failed', 'Broke.']);
  });
});
