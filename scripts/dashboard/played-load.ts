import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { APIS, CHAT } from '../../test/acceptance/apis.ts';
import { startProcess } from '../../test/e2e/process.ts';
import { seededDice } from '../../test/simulation/seeded-dice.ts';

/** A gateway with changing load and temporary provider failures. One simulated day takes a few minutes. */
export interface PlayedLoad {
  readonly url: string;
  /** Resolves when the day is over. */
  readonly isOver: Promise<void>;
  readonly stop: () => Promise<void>;
}

const KEYS = ['web-app', 'web-app', 'web-app', 'assistant', 'assistant', 'batch'];
const MODELS = ['fast', 'fast', 'fast', 'clever', 'clever', 'writer'];

/** The parts of the day in which each failure happens, as fractions. */
const PRIMARY_IS_DOWN = [0.2, 0.35];
const SPARE_IS_LIMITED = [0.45, 0.55];
const STREAMS_BREAK = [0.62, 0.7];
const NOBODY_IS_UP = [0.78, 0.83];
const FILE_IS_BAD = [0.9, 0.94];

const within = (share: number, [from = 0, to = 0]: readonly number[]): boolean => share >= from && share < to;

/** Starts everything. The day lasts this many milliseconds. */
export async function playLoad(durationMs: number): Promise<PlayedLoad> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-pictures-'));
  const simulators = await Promise.all([1, 2, 3].map(() => startSimulator({ record: false, words: 40 })));
  const file = join(folder, 'config.yaml');
  const addresses = simulators.map(({ url }) => url);
  await Bun.write(file, configuration(addresses, 0));
  const program = startProcess([], { cwd: folder, env: { LOG_LEVEL: 'info' } });
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  const startedAtMs = performance.now();
  const share = (): number => (performance.now() - startedAtMs) / durationMs;
  const isOver = Promise.all([
    changeFile(file, addresses, share),
    ...Array.from({ length: 26 }, (_, index) => client(url, share, { seed: index + 1, place: index / 26 })),
  ]).then(() => undefined);
  return {
    url,
    isOver,
    async stop() {
      program.kill();
      await program.exited;
      await Promise.all(simulators.map((simulator) => simulator.stop()));
      await rm(folder, { recursive: true });
    },
  };
}

/** Changes the file whenever a failure begins or ends. */
async function changeFile(file: string, addresses: readonly string[], share: () => number): Promise<void> {
  let written = configuration(addresses, 0);
  while (share() < 1) {
    await Bun.sleep(200);
    const next = configuration(addresses, share());
    if (next === written) continue;
    written = next;
    await Bun.write(`${file}.next`, next);
    await rename(`${file}.next`, file);
  }
}

function configuration([first, second, third]: readonly string[], share: number): string {
  if (within(share, FILE_IS_BAD)) return 'providers: {';
  const nobody = within(share, NOBODY_IS_UP);
  const primary =
    nobody || within(share, PRIMARY_IS_DOWN)
      ? '503'
      : within(share, STREAMS_BREAK)
        ? 'cut-rst?after=12'
        : 'ok';
  const spare = nobody ? '500' : within(share, SPARE_IS_LIMITED) ? '429?retry-after=4' : 'ok';
  return `
server: { host: 127.0.0.1, port: 0 }
master_keys:
  - { name: web-app, key: mk-web-app }
  - { name: assistant, key: mk-assistant }
  - { name: batch, key: mk-batch, rate_limit: { requests_per_second: 3, burst_size: 5 } }
providers:
  - { name: primary, api_base: "${first}" }
  - { name: spare, api_base: "${second}" }
  - { name: other, api_base: "${third}" }
models:
  fast:
    routes:
      - { provider: primary, model: ${model(primary)}, priority: 1, weight: 3 }
      - { provider: spare, model: ${model(spare)}, priority: 1 }
  clever:
    routes:
      - { provider: primary, model: ${model(primary)}, priority: 1 }
      - { provider: other, model: ${model(nobody ? '500' : 'ok')}, priority: 2 }
  writer: { routes: [{ provider: other, model: ${model('ok?words=120')} }] }
load_balancing: { strategy: round_robin }
fallback: { cooldown_seconds: 5, alias_fallback: { fast: [writer] } }
logging: { level: error }
`;
}

/** A model of the simulator, at the pace of a quick one. */
function model(fault: string): string {
  return `"mock/${fault}${fault.includes('?') ? '&' : '?'}pace=60&latency=120"`;
}

/** One of many clients. It arrives when the day is busy enough for it, and then sends one request after the other. */
async function client(
  url: string,
  share: () => number,
  { seed, place }: { seed: number; place: number },
): Promise<void> {
  const dice = seededDice(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(dice() * list.length)] ?? '';
  while (share() < 1) {
    const busy = 0.35 + 0.6 * Math.sin(share() * Math.PI) ** 2;
    if (place > busy) await Bun.sleep(300);
    else await ask(url, { key: pick(KEYS), model: dice() < 0.02 ? 'gone' : pick(MODELS), dice });
    await Bun.sleep(dice() * 150);
  }
}

interface Question {
  readonly key: string;
  readonly model: string;
  readonly dice: () => number;
}

async function ask(url: string, { key, model, dice }: Question): Promise<void> {
  const api = dice() < 0.75 ? CHAT : (APIS[Math.floor(dice() * APIS.length)] ?? CHAT);
  const leaves = dice() < 0.03;
  try {
    const response = await fetch(`${url}${api.path}`, {
      method: 'POST',
      headers: { authorization: `Bearer mk-${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(api.body(model, { stream: dice() < 0.8 })),
      ...(leaves && { signal: AbortSignal.timeout(400) }),
    });
    await response.arrayBuffer();
  } catch {
    // The client has left, or its stream has broken. The pictures are meant to show both.
  }
}
