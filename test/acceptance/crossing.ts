import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../e2e/process.ts';
import { seededDice } from '../simulation/seeded-dice.ts';
import { CHAT } from './apis.ts';
import { exchange, postOf } from './exchange.ts';

/** The results of many requests, each with a unique mark that its answer must carry. */
export interface Crossing {
  readonly requests: number;
  /** Answers that carry another request's mark. There must be none. */
  readonly crossed: readonly string[];
  /** Correct answers. */
  readonly whole: number;
  /** Requests that the client cancelled at any moment. */
  readonly left: number;
  /** Everything else, by status or by how the connection ended. */
  readonly failed: Readonly<Record<string, number>>;
  /** `llm_proxy_active_requests` at the end. 0 is right. */
  readonly active: number;
}

export interface CrossingOptions {
  readonly requests: number;
  readonly workers: number;
  readonly atATime?: number;
  readonly seed?: number;
  /** The gateway's server; by default, the one of the tests. */
  readonly engine?: string | undefined;
}

/** The ways the provider answers. A bad answer leads to the fallback, which is the same provider without faults. */
const FATES = (
  'plain plain plain plain split stream stream chunked early slow reset cut-length cut-chunk cut-stream close blank-line ' +
  'surplus garbage-late second-late 204-late status-999 many-fields'
).split(' ');

/**
 * Sends requests through a gateway of its own, to a provider that splits, resets, cuts, comes early and says too much, from clients of which
 * a quarter leaves. Each request has a mark that the provider repeats in its answer.
 */
export async function playCrossing({
  requests,
  workers,
  atATime = 48,
  seed = 1,
  engine,
}: CrossingOptions): Promise<Crossing> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-crossing-'));
  const provider = await startProvider();
  await Bun.write(join(folder, 'config.yaml'), configOf(provider.url, workers, engine));
  const program = startProcess([], { cwd: folder, env: { LOG_LEVEL: 'info' } });
  try {
    const [, url = ''] = await program.printed(/listening on (http\S+)/);
    const tally = new Tally();
    const dice = seededDice(seed);
    let next = 0;
    const client = async (): Promise<void> => {
      while (next < requests) await play(url, String(next++), { dice, tally });
    };
    await Promise.all(Array.from({ length: atATime }, client));
    return { requests, ...tally.result(), active: await settledActive(url) };
  } finally {
    program.kill();
    await program.exited;
    await provider.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function configOf(url: string, workers: number, engine: string | undefined): string {
  return `
server: { host: 127.0.0.1, port: 0${engine === undefined ? '' : `, engine: ${engine}`} }
workers: ${workers}
allow_unauthenticated: true
providers:
  - { name: odd, api_base: "${url}/odd", timeouts: { first_byte_timeout: 5, idle_timeout: 5 } }
  - { name: loose, api_base: "${url.replace('127.0.0.1', 'localhost')}/odd", timeouts: { first_byte_timeout: 5, idle_timeout: 5 } }
  - { name: good, api_base: "${url}/good" }
models:
  odd: { routes: [{ provider: odd, model: m }, { provider: good, model: m, priority: 2 }] }
  loose: { routes: [{ provider: loose, model: m }, { provider: good, model: m, priority: 2 }] }
fallback: { retries: 0, cooldown_seconds: 0 }
logging: { level: error }`;
}

class Tally {
  readonly crossed: string[] = [];
  readonly failed: Record<string, number> = {};
  whole = 0;
  left = 0;

  fail(how: string): void {
    this.failed[how] = (this.failed[how] ?? 0) + 1;
  }

  result(): Pick<Crossing, 'crossed' | 'whole' | 'left' | 'failed'> {
    const { crossed, whole, left, failed } = this;
    return { crossed, whole, left, failed };
  }
}

interface Play {
  readonly dice: () => number;
  readonly tally: Tally;
}

/** Sends one request and checks its result. */
async function play(url: string, mark: string, { dice, tally }: Play): Promise<void> {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(dice() * list.length)];
  const fate = pick(FATES) ?? 'plain';
  const padding = dice() < 0.1 ? 'x'.repeat(300_000) : '';
  // A provider that sends more than its answers gets only new connections, so it is a separate one.
  const model = fate === 'surplus' || fate === 'second-late' || fate === 'garbage-late' ? 'loose' : 'odd';
  const body = { model, messages: [], stream: fate.includes('stream'), mark: `m${mark}m`, padding };
  const sent = postOf(CHAT.path, JSON.stringify(body), { host: '127.0.0.1', 'x-fate': fate });
  const leaves = dice() < 0.25 ? pick(['asking', 'waiting', 'reading'] as const) : undefined;
  const answer = exchange(url, leaves === 'asking' ? sent.subarray(0, Math.ceil(sent.length / 2)) : sent);
  if (leaves !== undefined) setTimeout(answer.leave, leaves === 'reading' ? dice() * 10 : dice() * 2);
  const ending = await answer.ended;
  const text = answer.text();
  const ended = { fate, mark, leaves, ending, status: answer.status(), text };
  count(ended, tally);
}

interface Ended {
  readonly fate: string;
  readonly mark: string;
  readonly leaves: string | undefined;
  readonly ending: string;
  readonly status: number | undefined;
  readonly text: string;
}

function count({ fate, mark, leaves, ending, status, text }: Ended, tally: Tally): void {
  const marks = [...text.matchAll(/m(\d+)m/g)].map(([, found]) => found);
  if (marks.some((found) => found !== mark)) tally.crossed.push(`${fate}: ${mark} got ${marks.join()}`);
  else if (leaves !== undefined && ending !== 'whole') tally.left += 1;
  else if (ending === 'whole' && status === 200 && marks.length > 0) tally.whole += 1;
  else tally.fail(ending === 'whole' ? `${status} ${fate}` : `${ending} ${fate}`);
}

async function settledActive(url: string): Promise<number> {
  let active = Number.NaN;
  for (let count = 0; count < 100 && active !== 0; count++) {
    await Bun.sleep(100);
    const text = await (await fetch(`${url}/metrics`)).text();
    const values = [...text.matchAll(/^llm_proxy_active_requests\{.*\} (.+)$/gm)].map(([, value]) =>
      Number(value),
    );
    active = values.every((value) => value === 0) ? 0 : values.reduce((sum, value) => sum + value, 0);
  }
  return active;
}

interface Provider {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Answers on each connection one request after the other. */
async function startProvider(): Promise<Provider> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(socket: Socket): void {
  let unread = '';
  let isEarly = false;
  let turn = Promise.resolve();
  socket.setEncoding('latin1').on('data', (text: string) => {
    unread += text;
    for (;;) {
      const head = unread.indexOf('\r\n\r\n') + 4;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(unread.slice(0, head))?.[1] ?? 0);
      const mark = /"mark":"(m\d+m)"/.exec(unread)?.[1];
      const isWhole = head > 3 && unread.length >= head + length;
      const isAsked = mark !== undefined && !isEarly && unread.startsWith('POST /odd');
      if (!isWhole && isAsked && /\r\nx-fate: early\r/.test(unread)) {
        isEarly = true;
        socket.write(whole(mark));
      }
      if (!isWhole) return;
      const fate = unread.startsWith('POST /good')
        ? 'plain'
        : (/\r\nx-fate: (\S+)\r/.exec(unread)?.[1] ?? 'plain');
      unread = unread.slice(head + length);
      if (isEarly) isEarly = false;
      else turn = turn.then(() => answer(socket, mark ?? 'none', fate));
    }
  });
}

function chatOf(mark: string): string {
  return JSON.stringify({
    choices: [{ index: 0, message: { role: 'assistant', content: mark.repeat(20) }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  });
}

function whole(mark: string, status = '200 OK', fields = ''): string {
  const body = chatOf(mark);
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${fields}content-length: ${body.length}\r\n\r\n${body}`;
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function event(mark: string, finish: string): string {
  return chunk(`data: {"choices":[{"index":0,"delta":{"content":"${mark}"}${finish}}]}\n\n`);
}

const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';
const STREAM = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${CHUNKED}`;
const MANY = Array.from({ length: 2_000 }, (_, at) => `x-${at}: y\r\n`).join('');

/** The script of each fate. A number is a pause in milliseconds, `fin` and `rst` end the connection. */
function scriptOf(mark: string, fate: string): readonly (string | number)[] {
  const text = whole(mark);
  const half = text.length >> 1;
  const last = `${event(mark, ',"finish_reason":"stop"')}${chunk('data: [DONE]\n\n')}0\r\n\r\n`;
  const scripts: Readonly<Record<string, readonly (string | number)[]>> = {
    split: [text.slice(0, 9), 0, text.slice(9, half), 1, text.slice(half)],
    stream: [STREAM + event(mark, ''), 1, event(mark, ''), 0, last],
    chunked: [
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${CHUNKED}`,
      0,
      `${chunk(chatOf(mark))}0\r\n\r\n`,
    ],
    slow: [5, text],
    reset: ['rst'],
    'cut-length': [text.slice(0, half), 1, 'rst'],
    'cut-chunk': [`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${CHUNKED}ff\r\n${mark}`, 1, 'fin'],
    'cut-stream': [STREAM + event(mark, ''), 2, event(mark, ''), 2, 'rst'],
    close: [whole(mark, '200 OK', 'connection: close\r\n'), 'fin'],
    'blank-line': [text, 0, '\r\n'],
    surplus: [text + whole(mark)],
    'garbage-late': [text, 1, `${mark}garbage`],
    'second-late': [text, whole(mark)],
    '204-late': ['HTTP/1.1 204 No Content\r\n\r\n', 1, whole(mark)],
    'status-999': [whole(mark, '999 Odd')],
    'many-fields': [whole(mark, '200 OK', MANY)],
  };
  return scripts[fate] ?? [text];
}

async function answer(socket: Socket, mark: string, fate: string): Promise<void> {
  for (const step of scriptOf(mark, fate)) {
    if (socket.destroyed) return;
    if (typeof step === 'number')
      await (step === 0 ? new Promise((resolve) => setImmediate(resolve)) : Bun.sleep(step));
    else if (step === 'fin') socket.end();
    else if (step === 'rst') socket.resetAndDestroy();
    else socket.write(step);
  }
}
