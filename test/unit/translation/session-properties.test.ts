import { afterAll, beforeAll, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import type { Conversation, ProviderApi } from '../../../src/translation/conversation.ts';
import { clientTool, type Target } from '../../../src/translation/exchange.ts';
import { readRequest, translationFor, type WrittenRequest } from '../../../src/translation/pair.ts';
import { BODIES, PICTURE, session } from './sessions.ts';

const CLIENTS = ['chat', 'responses', 'messages', 'gemini'] as const;
type Client = (typeof CLIENTS)[number];

const PATHS: Readonly<Record<Client, string>> = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
  gemini: '/v1beta/models/gemini-3-pro:generateContent',
};
const MODELS: Readonly<Record<ProviderApi, string>> = {
  chat: 'gpt-4o',
  responses: 'gpt-5.5',
  messages: 'claude-opus-4-8',
  gemini: 'gemini-3-pro',
  converse: 'amazon.nova-pro-v1:0',
};
const FACTS = { requestId: 'req_g', now: 1_790_000_000 };
const PAIRS = CLIENTS.flatMap((from) =>
  (['chat', 'responses', 'messages', 'gemini', 'converse'] as const)
    .filter((to) => to !== from)
    .map((to) => [from, to] as const),
);

async function read(api: Client, body: string): Promise<Conversation> {
  const reading = await readRequest(api, body, { requestId: 'req_g', path: PATHS[api] });
  if (reading.kind === 'invalid') throw new Error(`${reading.path}: ${reading.message}`);
  return reading.conversation;
}

type Written = Extract<WrittenRequest, { kind: 'written' }>;

async function writtenFor(conversation: Conversation, api: ProviderApi): Promise<Written> {
  const target: Target = {
    provider: 'p1',
    api,
    carriage: undefined,
    model: MODELS[api],
    dialect: 'openai',
    policy: 'warn',
  };
  const written = (await translationFor(conversation.api, api, target)).request(conversation, FACTS);
  if (written.kind !== 'written') throw new Error(written.loss.why);
  return written;
}

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
});
afterAll(() => simulator.stop());

test.each(PAIRS)(
  'a session with tools of a client of %s is accepted by a provider of %s',
  async (from, to) => {
    const path = to === 'converse' ? `/model/${encodeURIComponent(MODELS.converse)}/converse` : PATHS[to];
    await fc.assert(
      fc.asyncProperty(session, async (given) => {
        const { body } = await writtenFor(await read(from, BODIES[from](given)), to);
        const response = await fetch(new URL(path, simulator.url), {
          method: 'POST',
          headers: { ...CREDENTIALS, 'content-type': 'application/json' },
          body,
        });
        const told = await response.text();
        // A single text of the model to go on with is passed on, and Gemini refuses it.
        if (!told.includes('a single turn request ends'))
          expect([response.status, told]).toEqual([200, told]);
      }),
      { numRuns: 60 },
    );
  },
);

test.each(CLIENTS.flatMap((from) => CLIENTS.filter((to) => to !== from).map((to) => [from, to] as const)))(
  'texts, pictures, calls and results stay the same and in order from %s to %s',
  async (from, to) => {
    await fc.assert(
      fc.asyncProperty(session, async (given) => {
        const sent = BODIES[from](given);
        const conversation = await read(from, sent);
        const { exchange, body } = await writtenFor(conversation, to);
        const back = await read(to, body);
        expect(toolsOf(back, (name) => clientTool(exchange, name).name)).toEqual(toolsOf(conversation));
        expect(texts(back)).toEqual(texts(conversation));
        expect(body.split(PICTURE)).toHaveLength(sent.split(PICTURE).length);
      }),
      { numRuns: 100 },
    );
  },
);

const CREDENTIALS = {
  authorization: 'Bearer k',
  'x-api-key': 'k',
  'x-goog-api-key': 'k',
  'anthropic-version': '2023-06-01',
};

/** Calls in order with their source text, and each result with the number of its call. */
function toolsOf({ turns }: Conversation, nameOf = (name: string): string => name): unknown[] {
  const open = new Map<string, number[]>();
  let calls = 0;
  return turns.flatMap(({ parts }) =>
    parts.flatMap((part): unknown[] => {
      if (part.kind === 'call') {
        open.set(part.id, [...(open.get(part.id) ?? []), calls]);
        return [['call', calls++, nameOf(part.name), part.arguments]];
      }
      if (part.kind !== 'result') return [];
      const [call, ...others] = open.get(part.callId) ?? [];
      open.set(part.callId, others);
      const text = part.parts.map((inner) => (inner.kind === 'text' ? inner.text : '')).join('');
      return [['result', call, text.replace(/^\[error\] ?/, '').trim()]];
    }),
  );
}

/** The letters of the texts outside of results, without what marks a system text or fills a gap. */
function texts({ system, turns }: Conversation): string {
  const spoken = turns.flatMap(({ parts }) => parts.map((part) => (part.kind === 'text' ? part.text : '')));
  return [...system.map(({ text }) => text), ...spoken]
    .join('')
    .replaceAll(/<\/?system>|\(empty message\)|\(conversation continues\)|\s/g, '')
    .split('')
    .toSorted()
    .join('');
}
