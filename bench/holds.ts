/**
 * Measures how long the translation of a large body or stream holds up everybody else: the slowest answer of `/healthz` while
 * one request is served, for each pair of APIs, and beside it the same request passed through.
 *
 *     bun bench/holds.ts [--engine runtime] [--only request,answer,stream,collected,unstreamed] [--shape TEXT] [--pair chat>messages]
 *
 * Exits with 1 if a request failed, or if a translated one held `/healthz` for more than 100 ms.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ANSWER_SHAPES, PROVIDERS, type Provider } from './holds/answers.ts';
import type { Told } from './holds/provider.ts';
import { type Client, CLIENTS, REQUEST_SHAPES, requestOf } from './holds/requests.ts';
import { describeMachine, loadOfMachine } from './measure/machine.ts';
import { startPinned, stopProcess } from './measure/pinned.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { engine: text, only: text, shape: text, pair: text, program: text },
});
const MOST_MS = 100;
const program = values.program ?? join(import.meta.dir, '..', 'bin', 'llm-proxy');

interface Case {
  readonly client: Client;
  readonly provider: Provider;
  readonly request: string;
  readonly answer: string;
  /** Whether the client asks for a stream, and whether the provider sends one. */
  readonly asks: boolean;
  readonly streams: boolean;
}

const KINDS: Readonly<Record<string, (pair: Pick<Case, 'client' | 'provider'>) => readonly Case[]>> = {
  request: (pair) =>
    REQUEST_SHAPES.map((request) => ({ ...pair, request, answer: 'small', asks: false, streams: false })),
  answer: (pair) => answers(pair, { asks: false, streams: false }),
  stream: (pair) => answers(pair, { asks: true, streams: true }),
  collected: (pair) => answers(pair, { asks: false, streams: true }),
  unstreamed: (pair) => answers(pair, { asks: true, streams: false }),
};

function answers(
  pair: Pick<Case, 'client' | 'provider'>,
  how: Pick<Case, 'asks' | 'streams'>,
): readonly Case[] {
  return ANSWER_SHAPES.map((answer) => ({ ...pair, request: 'small', answer, ...how }));
}

const provider = new Worker(new URL('./holds/provider.ts', import.meta.url).href);
const heard = <T>(worker: Worker): Promise<T> =>
  new Promise((resolve) => {
    worker.addEventListener('message', ({ data }: MessageEvent<T>) => resolve(data), { once: true });
  });

const providerUrl = await heard<string>(provider);
const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-holds-'));
const port = freePort();
const url = `http://127.0.0.1:${port}`;
await Bun.write(join(folder, 'config.yaml'), config());
const gateway = startPinned(
  '0,1',
  [program, '--config', join(folder, 'config.yaml'), '--host', '127.0.0.1', '--port', String(port)],
  {
    cwd: folder,
    log: join(folder, 'terminal.log'),
  },
);
while (
  !(await fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  ))
)
  await Bun.sleep(20);
// A process of its own, since the threads of one share what receives their answers.
let onSlowest: (slowestMs: number) => void = () => undefined;
const prober = startPinned(
  '0,1',
  [process.execPath, join(import.meta.dir, 'holds', 'prober.ts'), `${url}/healthz`],
  {
    onMessage: (slowestMs) => onSlowest(Number(slowestMs)),
  },
);

function config(): string {
  return `
allow_unauthenticated: true
logging: {level: error}
server: {engine: ${values.engine ?? 'lean'}}
providers:
  - {name: chat, provider_type: openai, apis: [chat], api_base: "${providerUrl}/v1"}
  - {name: responses, provider_type: openai-responses, api_base: "${providerUrl}/v1"}
  - {name: messages, provider_type: anthropic, api_base: "${providerUrl}", api_key: key-of-anthropic}
  - {name: gemini, provider_type: gemini, api_base: "${providerUrl}", api_key: key-of-gemini}
  - {name: converse, provider_type: bedrock, region: eu-central-1, api_base: "${providerUrl}", api_key: key-of-bedrock}
models:
${PROVIDERS.map((name) => `  ${name}: {routes: [{provider: ${name}, model: a-model}]}`).join('\n')}
`;
}

function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port: free } = probe;
  probe.stop(true);
  return free;
}

const PATHS: Readonly<Record<Client, (model: string, asks: boolean) => string>> = {
  chat: () => '/v1/chat/completions',
  responses: () => '/v1/responses',
  messages: () => '/v1/messages',
  gemini: (model, asks) =>
    `/v1beta/models/${model}:${asks ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
};

/** The slowest answer of `/healthz` while a case is served, in milliseconds; what failed otherwise. */
async function hold({
  client,
  provider: api,
  request,
  answer,
  asks,
  streams,
}: Case): Promise<number | string> {
  const told = heard(provider);
  provider.postMessage({ provider: api, shape: answer, isStream: streams } satisfies Told);
  await told;
  const body = Buffer.from(
    requestOf(client, request, client === 'gemini' ? {} : { model: api, stream: asks }),
  );
  Bun.gc(true);
  await slowest();
  const response = await fetch(url + PATHS[client](api, asks), {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  let bytes = 0;
  let end = '';
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      end = (end + Buffer.from(chunk.subarray(-300)).toString()).slice(-300);
    }
  } catch (error) {
    return `broken after ${bytes} bytes: ${String(error)}, ${end}`;
  }
  const slowestMs = await slowest();
  return response.status === 200 ? slowestMs : `${response.status} ${end}`;
}

function slowest(): Promise<number> {
  return new Promise((resolve) => {
    onSlowest = resolve;
    prober.send('slowest');
  });
}

const { cpu, cores, system } = describeMachine();
console.log(
  `Bun ${Bun.version}; ${cpu}, ${cores} cores, ${system}; load of the machine ${loadOfMachine().toFixed(1)}`,
);
const kinds = values.only?.split(',') ?? Object.keys(KINDS);
const pairs = CLIENTS.flatMap((client) => PROVIDERS.map((api) => ({ client, provider: api })));
let faults = 0;
for (const [kind, pair] of kinds.flatMap((one) => pairs.map((of) => [one, of] as const))) {
  const name = `${pair.client}>${pair.provider}`;
  if (values.pair !== undefined && values.pair !== name) continue;
  for (const one of KINDS[kind]?.(pair) ?? []) await measure(kind, name, one);
}

async function measure(kind: string, name: string, one: Case): Promise<void> {
  const shape = kind === 'request' ? one.request : one.answer;
  if (shape === 'small' || (values.shape !== undefined && !shape.includes(values.shape))) return;
  const held = await hold(one);
  const isFault = typeof held === 'string' || (held > MOST_MS && one.client !== one.provider);
  if (isFault) faults += 1;
  const shown = typeof held === 'string' ? held : `${held.toFixed(0).padStart(6)} ms`;
  console.log(`${isFault ? '!' : ' '} ${kind.padEnd(10)} ${name.padEnd(20)} ${shape.padEnd(36)} ${shown}`);
}

provider.terminate();
await Promise.all([stopProcess(prober), stopProcess(gateway)]);
await rm(folder, { recursive: true });
console.log(`${faults} held longer than ${MOST_MS} ms, or failed`);
process.exit(faults > 0 ? 1 : 0);
