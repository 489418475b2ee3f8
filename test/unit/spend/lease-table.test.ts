import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { LeaseReport } from '../../../src/limits/lease-report.ts';
import { LeaseTable } from '../../../src/spend/nodes/lease-table.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { migrateUp } from '../../../src/store/migrate.ts';
import { sharePostgres, type TestDatabaseServer } from '../../e2e/db-postgres.ts';
import { LeaseStore } from '../../simulation/lease-store.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';

let postgres: TestDatabaseServer;
let database: Database;
let table: LeaseTable;

beforeAll(async () => {
  postgres = await sharePostgres();
  database = openDatabase(await postgres.newDatabase());
  await migrateUp(database);
  table = new LeaseTable(database);
});
afterAll(async () => {
  await database.close();
  await postgres.stop();
});

const LIMIT = 1000;

function report(counter: string, dice: () => number, seq: number): LeaseReport & { endMs: number } {
  const need = dice() < 0.5 ? 0 : Math.floor(dice() * 60);
  const want = need === 0 ? 0 : need + Math.floor(dice() * 100);
  const [pending, claim] = [Math.floor(dice() * 90), Math.floor(dice() * 90)];
  const takesRest = dice() < 0.5;
  return { counter, windowMs: 0, seq, pending, claim, need, want, limit: LIMIT, takesRest, endMs: Infinity };
}

test('the function in the database decides as the model of the simulation', async () => {
  const dice = seededDice(7);
  const model = new LeaseStore();
  const lives = new Map<string, number>();
  for (const node of ['a', 'b', 'c']) {
    expect(await table.register(node, '1')).toBe(model.register(node));
    lives.set(node, 1);
  }
  await database.write(
    (sql) => sql`insert into counter_windows (counter, window_ms, node, used, updated_ms)
      values ('x', 0, 'a', 100, 0), ('x', 0, '', -30, 0)`,
  );
  model.ledger.set('x@0', 70);
  for (let round = 1; round <= 400; round++) {
    const node = ['a', 'b', 'c'][Math.floor(dice() * 3)]!;
    const seq = round - (dice() < 0.1 ? 20 : 0);
    const reports = ['x', 'y'].filter(() => dice() < 0.7).map((counter) => report(counter, dice, seq));
    const call = { node, life: lives.get(node)!, reports };
    const real = await table.acquire({ ...call, isTick: dice() < 0.5 });
    const same = (answer: object) => ({ ...answer, isRecalled: undefined });
    expect(real?.map(same)).toEqual(model.acquire(call, round)?.map(same) as never);
    if (dice() < 0.03) lives.set(node, await restart(node, model));
  }
});

async function restart(node: string, model: LeaseStore): Promise<number> {
  const life = await table.register(node, '1');
  expect(life).toBe(model.register(node));
  return life;
}

test('nodes that ask at the same time never get more than there is', async () => {
  const nodes = Array.from({ length: 8 }, (_, index) => `n${index}`);
  const others = await Promise.all(
    nodes.map(async (node) => ({ node, life: await table.register(node, '1') })),
  );
  const grants = await Promise.all(
    others.flatMap(({ node, life }) =>
      Array.from({ length: 5 }, async (_, at) => {
        const want = { pending: 0, claim: 0, need: 200, want: 200, limit: LIMIT, takesRest: false };
        const one = { counter: `busy${at}`, windowMs: 5, seq: 1, endMs: Infinity, ...want };
        const [answer] = (await table.acquire({ node, life, isTick: false, reports: [one] })) ?? [];
        return { at, granted: answer?.granted ?? 0 };
      }),
    ),
  );
  for (let at = 0; at < 5; at++) {
    const sum = grants.filter((grant) => grant.at === at).reduce((total, { granted }) => total + granted, 0);
    expect(sum).toBe(LIMIT);
  }
});

test('a node that was forgotten is told, and begins a new life', async () => {
  const life = await table.register('lost', '1');
  const one = {
    counter: 'gone',
    windowMs: 0,
    pending: 10,
    claim: 0,
    limit: LIMIT,
    takesRest: false,
    endMs: Infinity,
  };
  const asked = { ...one, seq: 1, need: 900, want: 900 };
  expect((await table.acquire({ node: 'lost', life, isTick: true, reports: [asked] }))?.[0]?.granted).toBe(
    900,
  );
  const { beats } = (await table.nodes()).find(({ node }) => node === 'lost')!;
  await table.forget('lost', beats - 1);
  expect((await table.nodes()).find(({ node }) => node === 'lost')?.isGone).toBe(false);
  await table.forget('lost', beats);
  expect(await table.acquire({ node: 'lost', life, isTick: true, reports: [] })).toBeUndefined();
  // Its claim is free, but not what it has told to have used.
  const other = await table.register('other', '1');
  const more = { ...one, pending: 0, seq: 1, need: 1, want: 1000 };
  expect(
    (await table.acquire({ node: 'other', life: other, isTick: true, reports: [more] }))?.[0]?.granted,
  ).toBe(990);
  expect(await table.register('lost', '1')).toBe(life + 1);
});

test('a node that leaves frees everything', async () => {
  const life = await table.register('leaving', '1');
  const one = {
    counter: 'left',
    windowMs: 0,
    seq: 1,
    pending: 0,
    claim: 0,
    limit: LIMIT,
    takesRest: false,
    endMs: 1,
  };
  await table.acquire({ node: 'leaving', life, isTick: true, reports: [{ ...one, need: 1000, want: 1000 }] });
  await table.leave('leaving', life);
  const other = await table.register('staying', '1');
  const answers = await table.acquire({
    node: 'staying',
    life: other,
    isTick: true,
    reports: [{ ...one, need: 1000, want: 1000 }],
  });
  expect(answers?.[0]?.granted).toBe(1000);
  await table.prune();
  const rows = await database.read((sql) => sql`select 1 as one from leases where counter = 'left'`);
  expect(rows).toHaveLength(0);
});
