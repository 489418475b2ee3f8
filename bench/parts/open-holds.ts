import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { heapSize } from 'bun:jsc';
import { createCostMeter } from '../../src/app/cost-meter.ts';
import { loneLedgers } from '../../src/app/lone-ledgers.ts';
import { attribute } from '../../src/gateway/attribute.ts';
import type { Attribution } from '../../src/gateway/attribution.ts';
import type { ByteSink } from '../../src/gateway/body/pipe.ts';
import { countedSink } from '../../src/gateway/limits/counted-sink.ts';
import type { Gateway } from '../../src/gateway/ports.ts';
import { newRequestId } from '../../src/gateway/request-id.ts';
import { claimsOf, reserve } from '../../src/gateway/reserve.ts';
import { type Admission, FREE_ADMISSION, NOT_SERVED } from '../../src/limits/admission.ts';
import { NO_CLAIMS } from '../../src/limits/claim.ts';
import { PlainFields } from '../../src/lib/http/fields.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { JournalScan } from '../../src/spend/journal/scan.ts';
import { openProcessJournal, type ProcessJournal } from '../../src/spend/process-journal.ts';
import { BENCH_KEY } from '../load/request.ts';
import { SIX_LIMITS } from '../load/six-limits.ts';
import { compiled } from './compiled.ts';

/**
 * Measures the memory that an open stream takes for its limits: requests reserve, send a first piece of their answer and
 * stay open, twice as many as `--requests` says, of which the second half counts. Each setup has a process of its own and is
 * compared with the same requests without limits. Run: bun bench/parts/open-holds.ts [--requests 20000]
 */
const { values } = parseArgs({ options: { requests: { type: 'string' }, setup: { type: 'string' } } });
const REQUESTS = Number(values.requests ?? 20_000);

interface Setup {
  readonly limits: string;
  readonly isJournaled?: boolean;
  /** Whether the process also reads the journal, to store it. It does where one process serves. */
  readonly isRead?: boolean;
}

const SETUPS: Readonly<Record<string, Setup>> = {
  'no limits': { limits: '[]' },
  'one budget': { limits: '[{ cost: 9000000, per: month }]' },
  'six limits': { limits: SIX_LIMITS },
  'six limits, journal': { limits: SIX_LIMITS, isJournaled: true },
  'six limits, journal read too': { limits: SIX_LIMITS, isJournaled: true, isRead: true },
};

/** The part of its request that a stream always keeps, and its admission. */
interface OpenStream {
  readonly id: string;
  readonly attribution: Attribution;
  readonly admission: Admission;
  readonly sink: ByteSink;
}

/** Bytes of all open streams. */
interface Memory {
  readonly heap: number;
  readonly resident: number;
}

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(20);
const body = new TextEncoder().encode(
  JSON.stringify({ model: 'm', max_tokens: 4000, stream: true, messages: [{ role: 'user', content: text }] }),
);

if (values.setup === undefined) await compare();
else console.log(JSON.stringify(await memoryOf(SETUPS[values.setup] ?? { limits: '[]' })));

async function compare(): Promise<void> {
  let base: Memory | undefined;
  console.log(`${''.padEnd(30)}${'heap B'.padStart(10)}${'resident B'.padStart(12)}   for each stream`);
  for (const name of Object.keys(SETUPS)) {
    const command = [process.execPath, import.meta.path, '--setup', name, '--requests', String(REQUESTS)];
    const { heap, resident } = JSON.parse(await new Response(Bun.spawn(command).stdout).text()) as Memory;
    base ??= { heap, resident };
    const each = [heap - base.heap, resident - base.resident].map((bytes) => Math.round(bytes / REQUESTS));
    console.log(`${name.padEnd(30)}${String(each[0]).padStart(10)}${String(each[1]).padStart(12)}`);
  }
}

async function memoryOf({ limits, isJournaled = false, isRead = false }: Setup): Promise<Memory> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-open-holds-'));
  const journal = isJournaled ? openJournal(folder) : undefined;
  const scan = new JournalScan({ folder, onUses: () => undefined, onTorn: () => undefined });
  const open = await opener(limits, journal);
  const streams: OpenStream[] = [];
  const openMany = (): Memory => {
    for (let at = 1; at <= REQUESTS; at++) {
      streams.push(open(`user-${streams.length}`));
      if (at % 500 !== 0) continue;
      if (isRead) scan.scan();
      // Otherwise garbage makes the heap larger than what is kept.
      Bun.gc(true);
    }
    return atRest();
  };
  // The first streams bring code and tables into memory, which do not grow with their number.
  const before = openMany();
  const after = openMany();
  for (const { admission } of streams) admission.settle(NOT_SERVED);
  if (isRead && scan.files.length === 0) throw new Error('the journal was not read');
  journal?.end();
  await rm(folder, { recursive: true });
  return { heap: after.heap - before.heap, resident: after.resident - before.resident };
}

/** Memory after collections. */
function atRest(): Memory {
  for (let times = 0; times < 4; times++) Bun.gc(true);
  return { heap: heapSize(), resident: process.memoryUsage.rss() };
}

/** Opens a stream as the gateway does: for a key with a team, a user and tags, with an end user. */
async function opener(limits: string, journal: ProcessJournal | undefined) {
  const snapshot = compiled(`
providers: [{ name: a, api_base: "http://127.0.0.1:1" }]
models: { m: { routes: [{ provider: a, model: m }] } }
prices: { catalogue: "off", models: { "a/*": { input: 3, output: 15 } } }
teams: [{ name: search, tags: { cost_center: "4711" } }]
users: [{ name: alice }]
master_keys: [{ name: app, key: ${BENCH_KEY}, team: search, user: alice, tags: { app: web }, end_users: optional }]
spend: { journal: memory }
limits: ${limits}
`);
  const costs = createCostMeter(() => snapshot, systemClock);
  // The first call loads the prices.
  await costs.estimator();
  const gateway: Parameters<typeof reserve>[2] & Pick<Gateway, 'hashEndUser'> = {
    ...loneLedgers(),
    snapshot: () => snapshot,
    costs,
    journal,
    clock: systemClock,
    emit: () => undefined,
    hashEndUser: undefined,
  };
  const model = snapshot.findModel('m');
  const key = snapshot.access.kind === 'keys' ? [...snapshot.access.keys.values()][0] : undefined;
  if (model === undefined || key === undefined) throw new Error('the model or the key is missing');
  const client: ByteSink = { write: () => undefined };
  const piece = new Uint8Array(200);
  return (endUser: string): OpenStream => {
    const id = newRequestId();
    const headers = new PlainFields({ 'x-llm-proxy-user': endUser });
    const attribution = attribute({ method: 'POST', headers }, key, { snapshot, plan: undefined, gateway });
    const claims = claimsOf(key, 'm', snapshot, attribution.endUser);
    const demand = { requestId: id, key, attribution, model, body, claims };
    const admission =
      claims === NO_CLAIMS
        ? FREE_ADMISSION
        : reserve(FREE_ADMISSION, { ...demand, isGenerated: true, hasOutput: true }, gateway);
    if (admission instanceof Promise) throw new Error('the reservation waits');
    const sink = countedSink(client, admission);
    void sink.write(piece);
    return { id, attribution, admission, sink };
  };
}

function openJournal(folder: string): ProcessJournal {
  return openProcessJournal(
    { folder, node: 'b0b0b0b0b0b0', worker: 1, life: 1, fsyncMs: 1000, maxBytes: 2 ** 34, onFull: 'serve' },
    { epochMs: Date.now, onTrouble: console.error },
  );
}
