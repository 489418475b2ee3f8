/**
 * Measures the cost of holding back and tapping a stream against two plain pipes: the runtime's own from `fetch` to the client, which
 * no program can inspect, and the gateway's connection piped to the client, which is the minimum that a tap needs.
 *
 *     bun bench/parts/stream.ts [--rounds 3] [--streams 300]
 *
 * The ways run in turn (A B C C B A), each in a process pinned to one core; the simulator and the clients share the other.
 * Prints the CPU time for each event and the events a second, and the ratio of the medians.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { alternate } from '../measure/alternate.ts';
import { PROXY_CORE } from '../measure/pinned.ts';
import { medianOf } from '../measure/statistics.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { rounds: text, streams: text } });
const rounds = Number(values.rounds ?? 3);
const streams = Number(values.streams ?? 300);

/** Events at the pace of a quick model, and as fast as possible. */
const WORK = [
  { name: '50 events/s', pace: 50, words: 150 },
  { name: 'full speed', pace: 0, words: 20_000 },
] as const;

interface Figures {
  readonly cpuMicrosPerEvent: number;
  readonly eventsPerSecond: number;
}

const simulator = await startSimulator({ record: false });

async function measure(mode: string, work: (typeof WORK)[number]): Promise<Figures> {
  const script = join(import.meta.dir, 'stream-proxy.ts');
  const proxy = Bun.spawn(['taskset', '-c', PROXY_CORE, process.execPath, script, simulator.url, mode], {
    stdout: 'pipe',
  });
  const { value } = await proxy.stdout.getReader().read();
  const url = new TextDecoder().decode(value).trim();
  const count = work.pace === 0 ? Math.ceil(streams / 10) : streams;
  await warmUp(url);
  await run(url, count, { ...work, words: Math.min(work.words, 150) });
  const before = await usage(url);
  const startedAtMs = performance.now();
  await run(url, count, work);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const events = count * work.words;
  const figures = {
    cpuMicrosPerEvent: ((await usage(url)) - before) / events,
    eventsPerSecond: events / seconds,
  };
  proxy.kill();
  await proxy.exited;
  return figures;
}

/** Runs until the code is fully compiled. That takes a tenth of a second of CPU, as much as 10,000 events. */
async function warmUp(url: string): Promise<void> {
  for (let batch = 0; batch < 50; batch++) await run(url, 30, { pace: 0, words: 150 });
}

async function usage(url: string): Promise<number> {
  const { user, system } = (await (await fetch(`${url}/usage`)).json()) as { user: number; system: number };
  return user + system;
}

async function run(
  url: string,
  count: number,
  { pace, words }: { pace: number; words: number },
): Promise<void> {
  const body = JSON.stringify({
    model: 'bench',
    stream: true,
    messages: [{ role: 'user', content: 'Hello!' }],
  });
  const headers = { 'x-mock-words': String(words), 'x-mock-pace': String(pace) };
  await Promise.all(
    Array.from({ length: count }, async () => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        body,
        headers,
      });
      for await (const _ of response.body ?? []);
    }),
  );
}

console.log(`Bun ${Bun.version}, ${streams} streams (a tenth at full speed), ${rounds} rounds`);
for (const work of WORK) {
  const figures: Record<string, Figures[]> = { pipe: [], pour: [], tap: [] };
  for (let round = 0; round < rounds; round++) {
    for (const mode of alternate(['pipe', 'pour', 'tap'])) figures[mode]?.push(await measure(mode, work));
  }
  const cpu = (mode: string): number =>
    medianOf((figures[mode] ?? []).map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent));
  const rate = (mode: string): number =>
    medianOf((figures[mode] ?? []).map(({ eventsPerSecond }) => eventsPerSecond));
  const told = ['pipe', 'pour', 'tap'].map(
    (mode) => `${mode} ${cpu(mode).toFixed(2)} µs/event, ${rate(mode).toFixed(0)} events/s`,
  );
  console.log(`${work.name}: ${told.join('; ')}`);
  console.log(
    `  the tap against the pouring ${(cpu('tap') / cpu('pour')).toFixed(2)}, against the pipe ${(cpu('tap') / cpu('pipe')).toFixed(2)}`,
  );
}
await simulator.stop();
process.exit(0);
