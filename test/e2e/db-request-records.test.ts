import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { SQL } from 'bun';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startPostgres, type TestPostgres } from './db-postgres.ts';
import {
  type DatabaseGateway,
  keepAsking,
  startDatabaseGateway,
  startDatabaseProgram,
  timeUntil,
} from './db-program.ts';
import { chat, until } from './gateway.ts';

const PROMPT_CANARY = 'prompt-canary-5b1c0e';
const KEY_CANARIES = { a: 'mk-canary-a-77d1f2', b: 'mk-canary-b-0c93ae' };
const CREDENTIAL_CANARY = 'sk-canary-provider-e12b40';
const DAY_MS = 86_400_000;

let postgres: TestPostgres;
let simulator: Simulator;
let folder: string;

beforeAll(async () => {
  postgres = await startPostgres();
  simulator = await startSimulator();
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-records-'));
});
afterAll(async () => {
  await postgres.stop();
  await simulator.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Stage {
  readonly dbUrl: string;
  readonly gateway: DatabaseGateway;
  readonly restart: (env?: Record<string, string>) => Promise<DatabaseGateway>;
}

let stages = 0;

/** A gateway with two models of two providers, and two keys. */
async function startStage(engine: string): Promise<Stage> {
  const home = join(folder, `${stages++}`);
  const dbUrl = engine === 'postgres' ? await postgres.newDatabase() : `sqlite://${home}/proxy.db`;
  const restart = (env = {}): Promise<DatabaseGateway> => startDatabaseGateway({ dbUrl, folder: home, env });
  const gateway = await restart();
  for (const id of ['one', 'two']) {
    await gateway.admin('POST', '/providers', { id, api_base: simulator.url, api_key: CREDENTIAL_CANARY });
    await gateway.admin('POST', '/models', { id: `model-${id}`, routes: [{ provider: id }] });
  }
  await gateway.admin('POST', '/models', { id: 'any', routes: [{ provider: 'one' }] });
  for (const [id, key] of Object.entries(KEY_CANARIES))
    await gateway.admin('POST', '/master-keys', { id, key });
  return { dbUrl, gateway, restart };
}

async function end({ program }: DatabaseGateway, signal: NodeJS.Signals): Promise<void> {
  program.kill(signal);
  await program.exited;
}

interface Sums {
  requests: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** Sends one request and returns the usage that the provider reported, or undefined if it failed. */
async function ask(
  { url }: DatabaseGateway,
  key: string,
  model: string,
  stream: boolean,
): Promise<Omit<Sums, 'requests'>> {
  const more = stream ? { stream, stream_options: { include_usage: true } } : {};
  const words = `${PROMPT_CANARY} `.repeat(1 + Math.floor(Math.random() * 9));
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(chat(model, { ...more, messages: [{ role: 'user', content: words }] })),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  const events = stream ? text.split('\n').filter((line) => line.startsWith('data: {')) : [];
  const last = stream ? events.at(-1)!.slice('data: '.length) : text;
  return (JSON.parse(last) as { usage: Omit<Sums, 'requests'> }).usage;
}

function add(sums: Map<string, Sums>, name: string, usage: Omit<Sums, 'requests'>): void {
  const before = sums.get(name) ?? { requests: 0, prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  sums.set(name, {
    requests: before.requests + 1,
    prompt_tokens: before.prompt_tokens + usage.prompt_tokens,
    completion_tokens: before.completion_tokens + usage.completion_tokens,
    total_tokens: before.total_tokens + usage.total_tokens,
  });
}

type Row = Record<string, string | number | null>;

async function usageOf(gateway: DatabaseGateway, query: string): Promise<Row[]> {
  return (await gateway.admin('GET', `/usage?${query}`))['usage'] as Row[];
}

async function requestCount(gateway: DatabaseGateway, query = ''): Promise<number> {
  return Number((await usageOf(gateway, query))[0]?.['requests'] ?? 0);
}

/** Every row of all pages. */
async function allRequests(gateway: DatabaseGateway, between: () => Promise<unknown>): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor = '';
  do {
    const page = await gateway.admin('GET', `/requests?limit=37${cursor && `&cursor=${cursor}`}`);
    rows.push(...(page['requests'] as Row[]));
    cursor = (page['next_cursor'] as string | null) ?? '';
    await between();
  } while (cursor !== '');
  return rows;
}

async function dumpRecords(dbUrl: string): Promise<Row[]> {
  const sql = new SQL(dbUrl, { max: 1 });
  const rows: Row[] = [...(await sql`select * from request_records`)];
  await sql.close();
  return rows;
}

describe.each(['postgres', 'sqlite'])('request records in %s', (engine) => {
  test('add up to what the provider counted, by key, model and provider, streamed or not', async () => {
    const { dbUrl, gateway, restart } = await startStage(engine);
    const expected = new Map<string, Sums>();
    const ROUNDS = 40;
    const jobs = Object.entries(KEY_CANARIES).flatMap(([key, secret]) =>
      ['one', 'two'].map(async (provider) => {
        for (let n = 0; n < ROUNDS; n++) {
          const usage = await ask(gateway, secret, `model-${provider}`, n % 2 === 0);
          add(expected, `${key} model-${provider} ${provider}`, usage);
        }
      }),
    );
    await Promise.all(jobs);
    await gateway.ask(KEY_CANARIES.a, 'unknown-model');
    await gateway.ask('mk-wrong', 'model-one');
    // SIGTERM writes the pending rows.
    await end(gateway, 'SIGTERM');
    const next = await restart();
    const rows = await usageOf(next, 'group_by=key,model,provider');
    const found = rows
      .filter(({ provider }) => provider !== null)
      .map((row) => {
        expect(row).toMatchObject({ failures: 0, cost: '0.000000000', requests_without_price: ROUNDS });
        const { key, model, provider, requests, prompt_tokens, completion_tokens, total_tokens } = row;
        const name: string = [key, model, provider].join(' ');
        return [
          name,
          { requests, prompt_tokens, completion_tokens, total_tokens } as unknown as Sums,
        ] as const;
      });
    expect(found).toHaveLength(4);
    expect(new Map(found)).toEqual(expected);
    expect(rows.filter(({ provider }) => provider === null)).toMatchObject([
      { key: 'a', requests: 1, failures: 1, total_tokens: 0, requests_without_price: 0 },
      { key: null, requests: 1, failures: 1, total_tokens: 0, requests_without_price: 0 },
    ]);

    const { requests } = (await next.admin(
      'GET',
      '/requests?key=a&model=model-one&status=200&limit=1000',
    )) as {
      requests: Row[];
    };
    expect(requests).toHaveLength(ROUNDS);
    expect(requests.filter(({ is_streamed: isStreamed }) => isStreamed)).toHaveLength(ROUNDS / 2);
    for (const row of requests) {
      expect(row).toMatchObject({
        key: 'a',
        provider: 'one',
        attempts: 1,
        ending: 'complete',
        is_estimated: false,
      });
      expect(row['duration_ms']).toBeGreaterThanOrEqual(Number(row['time_to_first_token_ms']));
    }
    expect(await requestCount(next, 'key=a')).toBe(2 * ROUNDS + 1);

    const dump = JSON.stringify(await dumpRecords(dbUrl));
    for (const secret of [PROMPT_CANARY, ...Object.values(KEY_CANARIES), CREDENTIAL_CANARY, 'mk-wrong'])
      expect(dump).not.toContain(secret);
    await end(next, 'SIGKILL');
  }, 180_000);

  test('are paged each once while new ones come in, and each is of another request', async () => {
    const { gateway } = await startStage(engine);
    for (let n = 0; n < 150; n++) await gateway.ask(KEY_CANARIES.a, 'model-one');
    await timeUntil(async () => (await requestCount(gateway)) === 150);
    const load = keepAsking([gateway], KEY_CANARIES.b);
    const rows = await allRequests(gateway, () => Bun.sleep(300));
    await load.stop();
    const old = rows.filter(({ key }) => key === 'a');
    expect(old).toHaveLength(150);
    expect(new Set(rows.map(({ request_id: id }) => id)).size).toBe(rows.length);
    expect(rows.map(({ time }) => String(time))).toEqual(
      rows.map(({ time }) => String(time)).toSorted((x, y) => y.localeCompare(x)),
    );
    await end(gateway, 'SIGKILL');
  }, 180_000);

  test('are there when the program is killed, but for those of the last moment', async () => {
    const { dbUrl, gateway, restart } = await startStage(engine);
    for (let n = 0; n < 20; n++) await gateway.ask(KEY_CANARIES.a, 'model-one');
    await timeUntil(async () => (await dumpRecords(dbUrl)).length === 20);
    await end(gateway, 'SIGKILL');
    const next = await restart();
    expect(await requestCount(next)).toBe(20);
    await end(next, 'SIGKILL');
  }, 180_000);

  test('are pruned by the retention that the environment names, and not written where it is 0', async () => {
    const { dbUrl, gateway, restart } = await startStage(engine);
    await gateway.ask(KEY_CANARIES.a, 'model-one');
    await end(gateway, 'SIGTERM');
    const sql = new SQL(dbUrl, { max: 1 });
    const age = async (days: number): Promise<void> => {
      await sql`update request_records set ended_at_ms = ${Date.now() - days * DAY_MS}`;
    };
    await age(29);
    let next = await restart();
    await Bun.sleep(300);
    expect(await requestCount(next)).toBe(1);
    await end(next, 'SIGTERM');
    await age(31);
    next = await restart();
    await timeUntil(async () => (await requestCount(next)) === 0);
    await end(next, 'SIGTERM');
    next = await restart({ REQUEST_RETENTION_DAYS: '0' });
    await next.ask(KEY_CANARIES.a, 'model-one');
    await end(next, 'SIGTERM');
    expect(await dumpRecords(dbUrl)).toEqual([]);
    await sql.close();
  }, 180_000);
});

test('a database that is away under load costs no request, and no record once it is back', async () => {
  const { gateway } = await startStage('postgres');
  const load = keepAsking([gateway], KEY_CANARIES.a);
  await Bun.sleep(300);
  await postgres.crash();
  await until(() => /wait until the database accepts them/.test(gateway.program.stdout()) || undefined);
  await Bun.sleep(1500);
  await postgres.restart();
  await Bun.sleep(500);
  const statuses = await load.stop();
  expect(statuses.length).toBeGreaterThan(20);
  expect(new Set(statuses)).toEqual(new Set([200]));
  await timeUntil(async () => (await requestCount(gateway).catch(() => 0)) >= statuses.length);
  await Bun.sleep(1000);
  expect(await requestCount(gateway)).toBe(statuses.length);
  expect(gateway.program.stdout()).not.toContain('are lost');
  console.log(`${statuses.length} requests while the database was away for seconds, all of them recorded`);
  await end(gateway, 'SIGKILL');
}, 180_000);

test('a retention that is no number of days is refused at the start', async () => {
  const program = startDatabaseProgram({
    dbUrl: `sqlite://${folder}/none.db`,
    folder,
    env: { REQUEST_RETENTION_DAYS: 'a month' },
  });
  expect(await program.exited).toBe(1);
  expect(program.stderr()).toBe(
    'llm-proxy: REQUEST_RETENTION_DAYS must be a number of days from 0 to 36500.\n',
  );
});
