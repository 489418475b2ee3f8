import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { until } from '../e2e/gateway.ts';
import { startProcess, type TestProcess } from '../e2e/process.ts';
import { type Api, APIS, CHAT, deltasOf } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';
import { peakWhile, residentMb, settledMb } from './memory.ts';
import { chunkedHead, chunkOf, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts';

/** The allowed growth of the gateway. Its buffers and the kernel's hold a little of every stream. */
const LIMIT_MB = 20;

/** The parts that a test does not share. Some run side by side, since they mostly wait until the memory of their gateways is stable. */
interface Stage {
  readonly simulator: Simulator;
  readonly program: TestProcess;
  readonly url: string;
  readonly end: () => Promise<void>;
}

const stages: Stage[] = [];
afterAll(() => Promise.all(stages.map(({ end }) => end())));

/** A gateway as a program of its own, which has what the runtime needs once. */
async function begin({ engine = 'runtime', idleSeconds = 90, more = '' } = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-slow-'));
  const simulator = await startSimulator();
  await Bun.write(
    join(folder, 'config.yaml'),
    `
server: { host: 127.0.0.1, port: 0, engine: ${engine} }
providers: [{ name: a, api_base: "${simulator.url}", timeouts: { idle_timeout: ${idleSeconds} }, model_mapping: { "mock/*": "*" } }, ${more}]
logging: { level: error }
`,
  );
  const program = startProcess([], { cwd: folder, env: { LOG_LEVEL: 'info' } });
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  const stage: Stage = {
    simulator,
    program,
    url,
    async end() {
      program.kill('SIGKILL');
      await program.exited;
      await simulator.stop();
      await rm(folder, { recursive: true });
    },
  };
  stages.push(stage);
  // Warms up the runtime, which allocates some memory once, in the first requests and megabytes.
  for (let count = 0; count < 100; count++)
    await streamed(stage, APIS[count % APIS.length] ?? CHAT, 'mock/ok').ended;
  for (const api of APIS) {
    const full = streamed(stage, api, 'mock/endless?pace=0');
    await until(() => full.received() > 3_000_000);
    full.leave();
  }
  simulator.reset();
  return stage;
}

/** Before a memory is measured: tokens that no provider reported are estimated in a thread, whose tables take tens of megabytes once. */
async function beginAndSettle(idleSeconds?: number): Promise<Stage> {
  const stage = await begin({ idleSeconds });
  await settledMb(stage.program.pid);
  stage.simulator.reset();
  return stage;
}

function streamed({ url }: Stage, api: Api, model: string): Exchange {
  return ask(url, api, api.body(model, { stream: true }));
}

describe.skipIf(process.platform !== 'linux')('while a client does not read', () => {
  test('endless streams at full speed are held back at their providers', async () => {
    const stage = await beginAndSettle(4);
    const { program, simulator } = stage;
    const readers = APIS.map((api) => streamed(stage, api, 'mock/endless?pace=0'));
    for (const reader of readers) {
      await until(() => reader.received() > 0);
      reader.pause();
    }
    // The bytes on their way fill the buffers first.
    const before = await settledMb(program.pid);
    // Longer than the provider may be silent: it is the client who keeps it waiting.
    const peak = await peakWhile(program.pid, Bun.sleep(5000));
    expect(peak - before).toBeLessThan(LIMIT_MB);
    // They are not taken for silent providers, and go on as soon as they are read.
    for (const reader of readers) {
      const had = reader.received();
      reader.resume();
      await until(() => reader.received() > had + 2_000_000);
      reader.leave();
    }
    await until(() => simulator.attempts.every(({ closedByPeerAt }) => closedByPeerAt));
  });

  test('the other streams go on as ever', async () => {
    const stage = await begin();
    const slow = streamed(stage, CHAT, 'mock/endless?pace=0');
    await until(() => slow.received() > 0);
    slow.pause();
    const others = APIS.map((api) => ({ api, exchange: streamed(stage, api, 'mock/ok?words=50&pace=100') }));
    for (const { api, exchange } of others) {
      expect(await exchange.ended).toBe('whole');
      expect(deltasOf(exchange.text(), api)).toHaveLength(50);
    }
    slow.leave();
  });
});

describe.skipIf(process.platform !== 'linux').each(['runtime', 'lean'])(
  'many clients that do not read (%s)',
  (engine) => {
    const CLIENTS = 60;
    /** One read of a provider that writes fast, and what it belongs to. */
    const MOST_MB = 0.9;
    test.concurrent('cost one read of their provider each', async () => {
      const content = 'x'.repeat(60_000);
      const event = Buffer.from(`data: {"choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`);
      const flooding: ScriptedProvider = await startScriptedProvider(async (_, socket) => {
        socket.write(chunkedHead('text/event-stream'));
        for (let count = 0; count < 100 && !socket.destroyed; count++)
          if (!socket.write(chunkOf(event))) await once(socket, 'drain').catch(() => undefined);
      });
      const stage = await begin({
        engine,
        more: `{ name: flooding, api_base: "${flooding.url}", model_mapping: { flood: up } }`,
      });
      const { program } = stage;
      await settledMb(program.pid);
      const before = await residentMb(program.pid);
      const clients = Array.from({ length: CLIENTS }, () => {
        const client = streamed(stage, CHAT, 'flood');
        client.pause();
        return client;
      });
      await until(() => flooding.requests.length === CLIENTS);
      const after = await settledMb(program.pid);
      expect(after - before).toBeLessThan(CLIENTS * MOST_MB);
      for (const client of clients) client.leave();
      await flooding.stop();
    });
  },
);

describe.skipIf(process.platform !== 'linux')('one event of 10 MB', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await begin();
  });

  test.each(APIS.map((api) => [api.name, api] as const))(
    'arrives whole, and the others are not kept waiting (%s)',
    async (_, api) => {
      const paced = streamed(stage, CHAT, 'mock/ok?words=100&pace=100');
      await until(() => paced.received() > 0);
      const arrivals: number[] = [];
      let seen = 0;
      const watch = setInterval(() => {
        const length = paced.received();
        if (length > seen) arrivals.push(performance.now());
        seen = length;
      }, 5);
      const big = streamed(stage, api, 'mock/big-event');
      expect(await big.ended).toBe('whole');
      expect(big.text()).toMatch(api.saysWhole);
      expect(big.received()).toBeGreaterThan(10_000_000);
      expect(await paced.ended).toBe('whole');
      clearInterval(watch);
      const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at));
      // The simulator and this test read and write the 10 MB too, in one process.
      expect(Math.max(...gaps)).toBeLessThan(10_000);
    },
  );
});

describe.skipIf(process.platform !== 'linux')('the memory of one event of 10 MB', () => {
  test.concurrent.each(APIS.map((api) => [api.name, api] as const))(
    'is little more than itself (%s)',
    async (_, api) => {
      const stage = await beginAndSettle();
      const { program } = stage;
      // The first one shows the runtime how much it will need.
      await streamed(stage, api, 'mock/big-event').ended;
      const before = await settledMb(program.pid);
      const big = streamed(stage, api, 'mock/big-event');
      const peak = await peakWhile(program.pid, big.ended);
      // Responses repeat their text whenever a part of them ends.
      const events = big
        .text()
        .split('\n\n')
        .filter(({ length }) => length > 9_000_000).length;
      expect(events).toBe(api.name === 'responses' ? 5 : 1);
      // Each is held until it is whole, once, and handed on as fast as the client takes it. The rest is garbage.
      expect(peak - before).toBeLessThan(events * 10 + 15);
    },
  );

  test.concurrent('is given back', async () => {
    const stage = await beginAndSettle();
    const { program } = stage;
    for (let count = 0; count < 5; count++) await streamed(stage, CHAT, 'mock/big-event').ended;
    const before = await residentMb(program.pid);
    for (let count = 0; count < 30; count++) await streamed(stage, CHAT, 'mock/big-event').ended;
    // Kept, they would be 300 MB.
    expect((await residentMb(program.pid)) - before).toBeLessThan(200);
    // A busy machine takes minutes for 350 MB beside the other tests.
  }, 600_000);
});
