import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, CHAT, deltasOf, MESSAGES_API, RESPONSES } from './apis.ts';
import { ask } from './exchange.ts';

/** Parameters that bring a fault within a test's time: the gateway's limits are two seconds here. */
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

/** Bytes that pass only if they need not be understood. */
const NOT_READABLE = 'broken-json';

/** Faults that never end by themselves. */
const ENDLESS: ReadonlySet<string> = new Set(['endless']);

/** The client's API, the provider's, and the provider's type. */
const PAIRS: readonly (readonly [Api, Api, string])[] = [
  [CHAT, MESSAGES_API, 'provider_type: anthropic'],
  [MESSAGES_API, CHAT, 'provider_type: openai, apis: [chat]'],
  [RESPONSES, CHAT, 'provider_type: openai, apis: [chat]'],
  [CHAT, RESPONSES, 'provider_type: openai-responses'],
];

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ words: 60 });
});
afterAll(() => simulator.stop());

test.each(PAIRS.map((pair) => [`${pair[0].name} in front of ${pair[1].name}`, pair] as const))(
  '%s: a fault comes to the same as in the provider’s own API',
  async (_, [client, provider, type]) => {
    const listed = (await (await fetch(`${simulator.url}/mock/faults`)).json()) as {
      faults: { name: string }[];
    };
    const names = listed.faults.map(({ name }) => name).filter((name) => !ENDLESS.has(name));
    const asked = names.flatMap((name) =>
      [false, true].map((stream) => ({ fault: PARAMETERS[name] ?? name, stream })),
    );
    const differing: string[] = [];
    for (let from = 0; from < asked.length; from += 24) {
      await Promise.all(
        asked.slice(from, from + 24).map(async ({ fault, stream }) => {
          const own = await outcomeOf({ fault, stream, api: provider, type });
          const translated = await outcomeOf({ fault, stream, api: client, type });
          if (fault === NOT_READABLE && stream && provider === CHAT) {
            expect([own, translated]).toEqual(['whole', 'broken']);
            return;
          }
          if (own !== translated)
            differing.push(`${fault} ${stream ? 'streamed' : 'whole'}: ${own}, translated: ${translated}`);
        }),
      );
    }
    expect(differing.sort()).toEqual([]);
  },
  120_000,
);

interface Asked {
  readonly fault: string;
  readonly stream: boolean;
  readonly api: Api;
  readonly type: string;
}

/** The client's view of the answer: `whole`, an `error`, or content that is `broken`. */
async function outcomeOf({ fault, stream, api, type }: Asked): Promise<string> {
  // A connection that a fault left behind would be reused.
  const gateway: TestGateway = startGateway(`
providers: [{ name: faulty, api_base: "${simulator.url}/v1", ${type} }]
models: { m: { routes: [{ provider: faulty, model: "mock/${fault}" }] } }
timeouts: { first_byte_timeout: 2, idle_timeout: 2 }
fallback: { retries: 0 }`);
  try {
    const answer = ask(gateway.url, api, api.body('m', { stream }));
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
  const events = text.slice(0, text.lastIndexOf('\n\n') + 2);
  return deltasOf(events, api).length;
}
