import { afterAll, beforeAll, expect, test } from 'bun:test';
import { splitElements } from '../../src/lib/json/json-list.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import {
  type Api,
  CHAT,
  COMPLETIONS,
  deltasOf,
  GEMINI,
  GEMINI_LIST,
  MESSAGES_API,
  RESPONSES,
} from './apis.ts';
import { ask } from './exchange.ts';

/** Parameters that bring a fault within a test's time. */
const PARAMETERS: Readonly<Record<string, string>> = {
  status: 'status?code=418',
  quiet: 'quiet?seconds=0.5',
  'slow-first': 'slow-first?ms=300',
  drip: 'drip?bytes=512&ms=1',
  'big-event': 'big-event?bytes=100000',
  thinking: 'thinking?seconds=0.5&every=0.2',
  'cut-rst': 'cut-rst?after=10&pace=100',
  'cut-fin': 'cut-fin?after=10&pace=100',
  'cut-chunk': 'cut-chunk?after=10&pace=100',
  'cut-clean': 'cut-clean?after=10&pace=100',
};

/** The limits for a provider that falls silent. Any other fault makes progress, however slow the machine is. */
const LIMITS: Readonly<Record<string, string>> = {
  silence: '{ first_byte_timeout: 1 }',
  'headers-silence': '{ first_byte_timeout: 1 }',
  stall: '{ idle_timeout: 4 }',
};

/** Faults that never end by themselves. */
const ENDLESS: ReadonlySet<string> = new Set(['endless']);

const CLIENTS: readonly Api[] = [CHAT, RESPONSES, MESSAGES_API, GEMINI, COMPLETIONS];

interface Provider {
  readonly name: string;
  readonly settings: string;
  readonly model: string;
  /** The client API that passes to it. Undefined: none has it; Chat Completions are the reference. */
  readonly own: Api | undefined;
  /** The clients that get its answers; by default, those of every other API. */
  readonly clients?: readonly Api[];
}

const VERTEX = 'provider_type: vertex, project: p, access_token: token-of-vertex, api_base: "URL"';
const BEDROCK = 'provider_type: bedrock, region: eu-central-1, api_key: key-of-provider, api_base: "URL"';
const CLAUDE = 'claude-sonnet-4-5';

const GOOGLE = 'provider_type: gemini, api_key: key-of-provider, api_base: "URL"';

const CHAT_PROVIDER: Provider = {
  name: 'Chat Completions',
  settings: 'provider_type: openai, apis: [chat], api_base: "URL/v1"',
  model: 'some-model',
  own: CHAT,
};

const PROVIDERS: readonly Provider[] = [
  CHAT_PROVIDER,
  {
    name: 'Responses',
    settings: 'provider_type: openai-responses, api_base: "URL/v1"',
    model: 'gpt-4.1',
    own: RESPONSES,
  },
  {
    name: 'Messages',
    settings: 'provider_type: anthropic, api_key: key-of-provider, api_base: "URL"',
    model: CLAUDE,
    own: MESSAGES_API,
  },
  { name: 'Claude at Vertex AI', settings: VERTEX, model: CLAUDE, own: MESSAGES_API },
  { name: 'Claude at Bedrock', settings: BEDROCK, model: `anthropic.${CLAUDE}-v1:0`, own: MESSAGES_API },
  { name: 'Gemini', settings: GOOGLE, model: 'gemini-2.5-flash', own: GEMINI },
  { name: 'Gemini at Vertex AI', settings: VERTEX, model: 'gemini-2.5-flash', own: GEMINI },
  {
    name: 'Gemini, passed on as events,',
    settings: GOOGLE,
    model: 'gemini-2.5-flash',
    own: undefined,
    clients: [GEMINI],
  },
  {
    name: 'Gemini, passed on as a list,',
    settings: GOOGLE,
    model: 'gemini-2.5-flash',
    own: undefined,
    clients: [GEMINI_LIST],
  },
  { name: 'Converse', settings: BEDROCK, model: 'amazon.nova-pro-v1:0', own: undefined },
];

/**
 * Other outcomes of a fault: the API has a word of its own for it, or an event passes here that a translation has to
 * read.
 */
const UNREAD = { 'streamed broken-json': 'broken' } as const;
const MALFORMED = { 'whole tool-malformed': 'error', 'streamed tool-malformed': 'error' } as const;
const PASSED = { ...MALFORMED, 'streamed no-finish': 'broken' } as const;
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Chat Completions': UNREAD,
  Gemini: UNREAD,
  'Gemini at Vertex AI': UNREAD,
  'Gemini, passed on as events,': PASSED,
  'Gemini, passed on as a list,': { ...PASSED, ...UNREAD, 'streamed no-done': 'broken' },
  Converse: {
    ...UNREAD,
    ...MALFORMED,
    'streamed no-done': 'broken',
    'whole 200-no-choices': 'whole',
    'streamed 200-no-choices': 'whole',
  },
};

let simulator: Simulator;
let names: readonly string[] = [];
beforeAll(async () => {
  simulator = await startSimulator({ words: 60 });
  const listed = (await (await fetch(`${simulator.url}/mock/faults`)).json()) as {
    faults: { name: string }[];
  };
  names = listed.faults
    .map(({ name }) => name)
    .filter((name) => !ENDLESS.has(name) && !name.startsWith('ws-'));
});
afterAll(() => simulator.stop());

/** Outcomes in the provider's own API, by fault. */
const references = new Map<string, Promise<string>>();

function referenceKey({ name, own }: Provider, { fault, stream }: Pick<Asked, 'fault' | 'stream'>): string {
  return `${own === undefined ? CHAT_PROVIDER.name : name} ${fault} ${stream}`;
}

function referenceOf(provider: Provider, asked: Pick<Asked, 'fault' | 'stream'>): Promise<string> {
  const own = provider.own === undefined ? CHAT_PROVIDER : provider;
  const key = referenceKey(provider, asked);
  const known =
    references.get(key) ??
    inTurn(() =>
      outcomeOf({ fault: asked.fault, stream: asked.stream, provider: own, api: own.own ?? CHAT }),
    );
  references.set(key, known);
  return known;
}

/**
 * Each fault is played to one client of each provider, another one for each fault, so that every pair has its share.
 * PAIRS=all plays every fault to every client, which takes ten minutes.
 */
function clientsFor(provider: Provider, at: number): readonly Api[] {
  const others = provider.clients ?? CLIENTS.filter((api) => api !== provider.own);
  return process.env['PAIRS'] === 'all' ? others : others.slice(at % others.length).slice(0, 1);
}

/** Most faults wait for something, such as a limit: many are played at once, those of several providers together. */
const AT_ONCE = 24;
let playing = 0;
const waiting: (() => void)[] = [];

/** Runs at most AT_ONCE of these at the same time. */
async function inTurn<T>(play: () => Promise<T>): Promise<T> {
  if (playing >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else playing++;
  try {
    return await play();
  } finally {
    const next = waiting.shift();
    if (next === undefined) playing--;
    else next();
  }
}

test.concurrent.each(PROVIDERS.map((provider) => [provider.name, provider] as const))(
  '%s in front of its clients: a fault comes to the same as in its own API',
  async (_, provider) => {
    const asked = names.flatMap((fault, index) =>
      [false, true].flatMap((stream) =>
        clientsFor(provider, index + Number(stream)).map((api) => ({ fault, stream, api, provider })),
      ),
    );
    // A reset may take bytes along that a client on a slow machine has not read yet.
    const told = await Promise.all(
      asked.map(
        async (each) => (await comparison(each)) && (await comparison(each)) && (await comparison(each)),
      ),
    );
    expect(told.filter((difference) => difference !== undefined).sort()).toEqual([]);
  },
  600_000,
);

/** How the outcome differs from the one in the provider's own API; undefined: it does not. */
async function comparison(asked: Asked): Promise<string | undefined> {
  const { fault, stream, api, provider } = asked;
  const how = stream ? 'streamed' : 'whole';
  const expected = EXCEPTIONS[provider.name]?.[`${how} ${fault}`];
  const [reference, translated] = await Promise.all([
    expected ?? referenceOf(provider, asked),
    inTurn(() => outcomeOf(asked)),
  ]);
  if (reference === translated) return undefined;
  references.delete(referenceKey(provider, asked));
  return `${how} ${fault} to ${api.name}: ${reference}, translated: ${translated}`;
}

interface Asked {
  readonly fault: string;
  readonly stream: boolean;
  readonly api: Api;
  readonly provider: Provider;
}

/** The client's view of the answer: `whole`, an `error`, or content that is `broken`. */
async function outcomeOf({ fault, stream, api, provider }: Asked): Promise<string> {
  // A connection that a fault left behind would be reused.
  const gateway: TestGateway = startGateway(`
providers: [{ name: faulty, ${provider.settings.replace('URL', simulator.url)}, timeouts: ${LIMITS[fault] ?? '{}'} }]
models: { m: { routes: [{ provider: faulty, model: "${provider.model}" }] } }
timeouts: { first_byte_timeout: 200, idle_timeout: 200 }
fallback: { retries: 0 }`);
  try {
    const path = (stream ? api.streamPath : undefined) ?? api.path;
    const answer = ask(gateway.url, { path }, api.body('m', { stream }), {
      'x-mock-fault': PARAMETERS[fault] ?? fault,
    });
    const ending = await answer.ended;
    const text = answer.text();
    if (answer.status() >= 300) return 'error';
    if (!stream) return ending === 'whole' ? 'whole' : 'broken';
    const isWhole = api.saysWhole.test(text);
    if (ending === 'whole' && isWhole && !/"error":\s*\{/.test(text)) return 'whole';
    if (isWhole) return 'a word for its end in an answer that is broken';
    // A stream that only says that it failed is an error in another form.
    return deltasIn(text, api) > 0 ? 'broken' : 'error';
  } finally {
    await gateway.stop();
  }
}

/** Whole events with content, in a stream that may end within one. */
function deltasIn(text: string, api: Api): number {
  if (api === GEMINI_LIST)
    return splitElements(Buffer.from(text)).filter(({ data }) => Buffer.from(data).includes(`"text":"`))
      .length;
  const end = Math.max(text.lastIndexOf('\n\n') + 2, text.lastIndexOf('\r\n\r\n') + 4);
  return deltasOf(text.slice(0, end), api).length;
}
