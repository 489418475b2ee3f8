import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSimulator } from '../src/simulator/simulator.ts';

// How long it takes from starting the program to its first answer with status 200, through a provider:
//   bun bench/cold-start.ts bin/llm-proxy dist/llm-proxy-linux-amd64
const { positionals: programs, values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { times: { type: 'string', default: '20' } },
});

const PORT = 18_765;
const simulator = await startSimulator();
const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-cold-'));
await Bun.write(
  join(folder, 'config.yaml'),
  `providers: [{ name: a, api_base: "${simulator.url}/v1" }]\nserver: { host: 127.0.0.1, port: ${PORT} }\n`,
);

for (const program of programs) {
  // One more, whose reading of the disk is not counted.
  const tookMs = [];
  for (let start = 0; start <= Number(values.times); start++) tookMs.push(await untilFirstAnswer(program));
  const sorted = tookMs.slice(1).sort((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? NaN).toFixed(0);
  console.log(`${program}: best ${at(0)} ms, median ${at(0.5)} ms, worst ${at(1)} ms`);
}
await simulator.stop();
await rm(folder, { recursive: true });

async function untilFirstAnswer(program: string): Promise<number> {
  const startedAtMs = performance.now();
  const child = Bun.spawn([Bun.which(program) ?? program, '--config', join(folder, 'config.yaml')], {
    stdout: 'ignore',
    stderr: 'inherit',
  });
  while (!(await isAnswered())) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    await Bun.sleep(1);
  }
  const tookMs = performance.now() - startedAtMs;
  child.kill('SIGKILL');
  await child.exited;
  return tookMs;
}

async function isAnswered(): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${PORT}/v1/chat/completions`, {
      method: 'POST',
      keepalive: false,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'mock/ok', messages: [{ role: 'user', content: 'Hello!' }] }),
    });
    await answer.text();
    return answer.status === 200;
  } catch {
    return false;
  }
}
