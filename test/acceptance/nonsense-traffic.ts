import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Glob } from 'bun';
import { startProcess } from '../e2e/process.ts';
import { seededDice } from '../simulation/seeded-dice.ts';
import type { GoldenCase } from '../unit/translation/golden-case.ts';
import { anyOf, mutated } from './nonsense.ts';

/** The results of many requests and answers of which parts are nonsense. */
export interface Nonsense {
  /** Answers by status, and connections by how they broke. */
  readonly answers: Readonly<Record<string, number>>;
  /** Requests that were answered with `internal_error`, or not within 20 s. There must be none. */
  readonly wrong: readonly string[];
  /** Lines of the log about bugs. There must be none. */
  readonly bugs: readonly string[];
  /** Requests that count as active at the end, and what the key's limits still hold. 0 is right. */
  readonly active: number;
  readonly held: number;
}

export interface NonsenseOptions {
  readonly requests: number;
  readonly seed?: number;
  /** The gateway's server; by default, the one of the tests. */
  readonly engine?: string | undefined;
}

const FOLDER = join(import.meta.dir, '..', 'golden', 'translation');
const KEYS = ['sk-plain-0123456789abcdef', 'sk-full-0123456789abcdef'] as const;
const AT_A_TIME = 12;

/**
 * Sends the requests of the golden cases, with parts of them changed at random, through a gateway with limits, ledger and
 * cache, to providers whose answers are changed in the same way. Some clients leave.
 */
export async function playNonsense({ requests, seed = 1, engine }: NonsenseOptions): Promise<Nonsense> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-nonsense-'));
  const dice = seededDice(seed);
  const cases = await goldenCases();
  const provider = startProvider(cases, dice);
  await Bun.write(join(folder, 'config.yaml'), configOf(provider.url.origin, engine));
  const program = startProcess([], { cwd: folder });
  try {
    const [, url = ''] = await program.printed(/listening on (http[^\s"]+)/);
    const results = { answers: {} as Record<string, number>, wrong: [] as string[] };
    let left = requests;
    const client = async (): Promise<void> => {
      while (left-- > 0) await send(url, requestOf(anyOf(cases, dice), dice), { dice, results });
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, client));
    const rest = await restOf(url);
    const bugs = program
      .stdout()
      .split('\n')
      .filter((line) => line.includes('"event":"bug"'));
    return { ...results, bugs, ...rest };
  } finally {
    program.kill();
    await program.exited;
    await provider.stop(true);
    await rm(folder, { recursive: true, force: true });
  }
}

async function goldenCases(): Promise<readonly GoldenCase[]> {
  const files = [...new Glob('*.json').scanSync(FOLDER)].sort();
  return Promise.all(files.map((file) => Bun.file(join(FOLDER, file)).json() as Promise<GoldenCase>));
}

function configOf(url: string, engine: string | undefined): string {
  return `
server: {host: 127.0.0.1, port: 0${engine === undefined ? '' : `, engine: ${engine}`}}
logging: {format: json}
fallback: {cooldown_seconds: 0}
spend: {store: "sqlite://spend.db", journal: journal}
limits: [{requests: 10M, per: day}]
teams: [{name: t, limits: [{cost: 500, per: day, hold: maximum, on_exceed: warn}]}]
users: [{name: u, limits: [{input_tokens: 1000M, per: week}]}]
master_keys:
  - {name: plain, key: ${KEYS[0]}}
  - name: full
    key: ${KEYS[1]}
    team: t
    user: u
    client_tags: [feature]
    end_users: optional
    limits: [{cost: 50, per: month, on_exceed: warn}, {tokens: 100M, per: minute}, {output_tokens: 100M, per: hour}, {concurrent: 500}]
    cache: {enabled: true, ttl: 30, any_temperature: true}
providers:
  - {name: chat, provider_type: openai, apis: [chat], price_provider: openai, api_base: "${url}/v1"}
  - {name: responses, provider_type: openai-responses, price_provider: openai, api_base: "${url}/v1"}
  - {name: messages, provider_type: anthropic, price_provider: anthropic, api_base: "${url}"}
  - {name: gemini, provider_type: gemini, price_provider: google, api_base: "${url}"}
models:
  chat: {routes: [{provider: chat, model: gpt-4o}]}
  responses: {routes: [{provider: responses, model: gpt-5}]}
  messages: {routes: [{provider: messages, model: claude-sonnet-4-5}]}
  gemini: {routes: [{provider: gemini, model: gemini-2.5-pro}]}
  any: {routes: [{provider: chat, model: gpt-4o}, {provider: messages, model: claude-sonnet-4-5}, {provider: gemini, model: gemini-2.5-pro}, {provider: responses, model: gpt-5}]}`;
}

/** Answers every request with the answer of a golden case of its API, most of them changed. */
function startProvider(cases: readonly GoldenCase[], dice: () => number) {
  const answered = cases.filter(({ upstream_response: answer }) => answer !== undefined);
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      await request.arrayBuffer();
      const api = apiOf(new URL(request.url).pathname);
      const fitting = answered.filter(({ provider_api: of }) => of === api);
      return answerOf(anyOf(fitting.length > 0 ? fitting : answered, dice), dice);
    },
  });
}

function apiOf(path: string): string {
  if (path.endsWith('/chat/completions')) return 'chat';
  if (path.endsWith('/responses')) return 'responses';
  return path.includes('/messages') ? 'messages' : 'gemini';
}

const STATUSES = [200, 201, 204, 301, 304, 400, 401, 404, 418, 429, 500, 503, 529, 599] as const;
const ODD_FIELDS: readonly (readonly [name: string, value: string])[] = [
  ['content-encoding', 'constructor'],
  ['content-encoding', 'gzip'],
  ['retry-after', '-1'],
  ['retry-after', '1e9'],
  ['content-type', 'text/html'],
  ['cache-control', 'max-age=-1'],
];

function answerOf({ upstream_response: answer }: GoldenCase, dice: () => number): Response {
  const isStream = answer?.stream !== undefined;
  const given = isStream ? answer.stream : answer?.body;
  const value = dice() < 0.75 ? mutated(given, dice) : given;
  let text = isStream ? eventsIn(value) : (JSON.stringify(value) ?? '');
  if (dice() < 0.1) text = text.slice(0, Math.floor(dice() * text.length));
  const headers = new Headers({ 'content-type': isStream ? 'text/event-stream' : 'application/json' });
  if (dice() < 0.1) headers.set(...anyOf(ODD_FIELDS, dice));
  const status = dice() < 0.9 ? (answer?.status ?? 200) : anyOf(STATUSES, dice);
  return new Response(status === 204 || status === 304 ? null : text, { status, headers });
}

function eventsIn(value: unknown): string {
  if (!Array.isArray(value)) return JSON.stringify(value) ?? '';
  return value
    .map((event: { event?: unknown; data?: unknown } | null) => {
      const name = typeof event?.event === 'string' ? `event: ${event.event}\n` : '';
      const data = typeof event?.data === 'string' ? event.data : JSON.stringify(event?.data ?? null);
      return `${name}data: ${data}\n\n`;
    })
    .join('');
}

interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MODELS = ['chat', 'responses', 'messages', 'gemini', 'any', 'unknown'] as const;
const VERBS = [
  'generateContent',
  'streamGenerateContent',
  'streamGenerateContent?alt=sse',
  'countTokens',
] as const;
const REQUEST_FIELDS: readonly (readonly [name: string, value: string])[] = [
  ['x-llm-proxy-tags', 'feature=constructor'],
  ['x-llm-proxy-tags', '__proto__=x'],
  ['x-llm-proxy-unsupported', 'constructor'],
  ['x-llm-proxy-unsupported', 'drop'],
  ['x-llm-proxy-provider', 'constructor'],
  ['x-llm-proxy-cost', 'event'],
  ['cache-control', 'only-if-cached'],
  ['cache-control', 'min-fresh=x'],
  ['content-type', 'text/plain'],
];

function requestOf({ client_api: api, request, request_raw: raw }: GoldenCase, dice: () => number): Sent {
  const model = anyOf(MODELS, dice);
  const whole = request === undefined ? raw : JSON.stringify(request);
  let value: unknown = safeParse(whole ?? '{}');
  if (dice() < 0.5) value = mutated(value, dice);
  if (typeof value === 'object' && value !== null && api !== 'gemini' && dice() < 0.95) {
    const stream = dice() < 0.3 ? { stream: dice() < 0.7 } : {};
    value = { ...value, model, ...stream };
  }
  let body = JSON.stringify(value) ?? '';
  if (dice() < 0.03) body = body.slice(0, Math.floor(dice() * body.length));
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${anyOf(KEYS, dice)}` };
  const field = dice() < 0.3 ? Object.fromEntries([anyOf(REQUEST_FIELDS, dice)]) : {};
  return { path: pathOf(api, model, dice), headers: { ...headers, ...field }, body };
}

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function pathOf(api: string, model: string, dice: () => number): string {
  switch (api) {
    case 'responses':
      return '/v1/responses';
    case 'messages':
      return dice() < 0.1 ? '/v1/messages/count_tokens' : '/v1/messages';
    case 'gemini':
      return `/v1beta/models/${model}:${anyOf(VERBS, dice)}`;
    case 'completions':
    case 'embeddings':
      return `/v1/${api}`;
    default:
      return '/v1/chat/completions';
  }
}

interface Sending {
  readonly dice: () => number;
  readonly results: { readonly answers: Record<string, number>; readonly wrong: string[] };
}

async function send(url: string, { path, headers, body }: Sent, { dice, results }: Sending): Promise<void> {
  const leaving = new AbortController();
  if (dice() < 0.1) setTimeout(() => leaving.abort(), dice() * 20);
  const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(20_000)]);
  let result: string;
  try {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers,
      body,
      signal,
      redirect: 'manual',
    });
    result = String(answer.status);
    const text = await answer.text();
    if (text.includes('internal_error')) results.wrong.push(`${path} ${body}: ${text}`);
  } catch (error) {
    result = error instanceof Error ? error.name : String(error);
    if (result === 'TimeoutError') results.wrong.push(`${path} ${body}: no answer`);
  }
  results.answers[result] = (results.answers[result] ?? 0) + 1;
}

/** The active requests and the held amounts once everything has settled. */
async function restOf(url: string): Promise<Pick<Nonsense, 'active' | 'held'>> {
  const read = async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const active = [...metrics.matchAll(/^llm_proxy_active_requests\{.*\} (\d+)$/gm)];
    const holder = await fetch(`${url}/v1/key`, { headers: { authorization: `Bearer ${KEYS[1]}` } });
    const { limits } = (await holder.json()) as { limits: readonly { readonly held: number }[] };
    return {
      active: sum(active.map(([, count]) => Number(count))),
      held: sum(limits.map(({ held }) => held)),
    };
  };
  let rest = await read();
  for (let tries = 0; tries < 100 && rest.active + rest.held > 0; tries++) {
    await Bun.sleep(100);
    rest = await read();
  }
  return rest;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
