import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { KEY, spendFolder } from './spend-process.ts';

const USAGE = { input_tokens: 1000, output_tokens: 100, total_tokens: 1100 };
const CHAT_USAGE = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

/** A line of a file of results, and one of a request that failed. */
const RESULTS = [
  JSON.stringify({
    custom_id: '1',
    response: { status_code: 200, body: { model: 'up', usage: CHAT_USAGE } },
  }),
  JSON.stringify({ custom_id: '2', response: { status_code: 400, body: { error: {} } } }),
  JSON.stringify({
    custom_id: '3',
    response: { status_code: 200, body: { model: 'up', usage: CHAT_USAGE } },
  }),
].join('\n');

let polls = 0;

/** A provider whose background responses and batches end when they are read for the second time. */
const provider = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const response = { object: 'response', model: 'up-2026', output: [], background: true };
    if (request.method === 'POST' && pathname === '/v1/responses') {
      const status = 'queued';
      return Response.json({ ...response, id: `resp_${Bun.randomUUIDv7()}`, status, usage: null });
    }
    if (pathname.startsWith('/v1/responses/')) {
      const id = pathname.split('/')[3] ?? '';
      if (searchParams.get('stream') === 'true') {
        const ended = {
          type: 'response.completed',
          response: { ...response, id, status: 'completed', usage: USAGE },
        };
        return new Response(`event: response.completed\ndata: ${JSON.stringify(ended)}\n\n`, {
          headers: { 'content-type': 'text/event-stream' },
        });
      }
      polls += 1;
      const isOver = polls > 1;
      const status = isOver ? 'completed' : 'in_progress';
      return Response.json({ ...response, id, status, usage: isOver ? USAGE : null });
    }
    if (request.method === 'POST' && pathname === '/v1/batches')
      return Response.json({ id: `batch_${Bun.randomUUIDv7()}`, object: 'batch', status: 'validating' });
    if (pathname.startsWith('/v1/batches/')) {
      const id = pathname.split('/')[3] ?? '';
      return Response.json({ id, object: 'batch', status: 'completed', output_file_id: `file-of-${id}` });
    }
    return new Response(gzipSync(RESULTS), {
      headers: { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' },
    });
  },
});

const folder = spendFolder({
  provider: `http://127.0.0.1:${provider.port}/v1`,
  limits: '[{cost: 10, per: month}, {tokens: 1M, per: day}]',
  workers: 2,
});
let program: Awaited<ReturnType<typeof folder.start>>;

beforeAll(async () => {
  program = await folder.start();
});
afterAll(async () => {
  program.kill();
  await program.exited;
  void provider.stop(true);
});

async function ask(path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`http://127.0.0.1:${folder.port}/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  return text.startsWith('{"object') || text.startsWith('{"id') ? JSON.parse(text) : {};
}

/** The one number of a query on the ledger. */
function sum(text: string): number {
  const database = new Database(join(folder.path, '.llm-proxy', 'spend.db'), { readonly: true });
  try {
    return database.query<{ n: number | null }, []>(text).get()?.n ?? 0;
  } finally {
    database.close();
  }
}

const cost = (): number => sum('select sum(cost) as n from spend_quarters');
const tokens = (): number => sum('select sum(input_tokens + output_tokens) as n from spend_quarters');
const used = (counter: string): number =>
  sum(`select sum(used) as n from counter_windows where counter = 'key:app/${counter}'`);

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(20);
}

const entries = (): number => sum(`select count(*) as n from spend_entries where kind = 'later'`);

/** 1,000 and 100 tokens at $10 and $100 a million. */
const RESPONSE_NANO = 20_000_000;
/** Twice 100 and 10 tokens at half of that. */
const BATCH_NANO = 2_000_000;

test('a background response is charged an estimate, and once its usage when it is read', async () => {
  const { id } = await ask('/responses', { model: 'fast', input: 'Hello', background: true });
  await until(() => used('cost/month') > 0);
  const estimated = cost();
  expect(estimated).toBeGreaterThan(100_000_000);
  expect(sum('select sum(estimated_cost) as n from spend_quarters')).toBe(estimated);
  await ask(`/responses/${String(id)}`);
  expect(entries()).toBe(0);
  // Several processes read it at once, and the program is started again.
  await Promise.all(Array.from({ length: 8 }, () => ask(`/responses/${String(id)}`)));
  await until(() => entries() === 1);
  program.kill();
  await program.exited;
  program = await folder.start();
  await ask(`/responses/${String(id)}`);
  await ask(`/responses/${String(id)}?stream=true`);
  await until(() => sum('select sum(requests) as n from spend_quarters') >= 11);
  expect([entries(), cost(), tokens()]).toEqual([1, RESPONSE_NANO, 1100]);
  expect([used('cost/month'), used('tokens/day')]).toEqual([RESPONSE_NANO, 1100]);
  expect(sum('select sum(estimated_cost) as n from spend_quarters')).toBe(0);
});

test('the stream of a stored response reports its usage, too', async () => {
  const { id } = await ask('/responses', { model: 'fast', input: 'Hello', background: true });
  await until(() => used('cost/month') > RESPONSE_NANO);
  await ask(`/responses/${String(id)}?stream=true`);
  await until(() => entries() === 2);
  expect([cost(), used('cost/month')]).toEqual([2 * RESPONSE_NANO, 2 * RESPONSE_NANO]);
});

test('a batch is unpriced until its result is downloaded, and then costs the price of batches, once', async () => {
  const { id } = await ask('/batches', { input_file_id: 'file-1', endpoint: '/v1/chat/completions' });
  await until(() => sum('select sum(unpriced) as n from spend_quarters') === 1);
  await ask(`/files/file-of-${String(id)}/content`);
  const { output_file_id: file } = await ask(`/batches/${String(id)}`);
  await until(() => sum('select count(*) as n from later_work where output_id is not null') === 1);
  await ask(`/files/${String(file)}/content`);
  await ask(`/files/${String(file)}/content`);
  await until(() => entries() === 3);
  expect(sum('select sum(unpriced) as n from spend_quarters')).toBe(0);
  expect(cost()).toBe(2 * RESPONSE_NANO + BATCH_NANO);
  expect(used('cost/month')).toBe(2 * RESPONSE_NANO + BATCH_NANO);
  expect(sum(`select sum(input_tokens) as n from spend_quarters where model = 'up'`)).toBe(200);
});
