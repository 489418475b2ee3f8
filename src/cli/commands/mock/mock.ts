import { type Simulator, type SimulatorOptions, startSimulator } from '../../../simulator/simulator.ts';
import { type ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import type { mockDeclaration } from './declaration.ts';

/** Runs the mock provider until SIGINT or SIGTERM. */
export async function mock(values: ValuesOf<typeof mockDeclaration>): Promise<number> {
  const { port, host, seed, words, pace, latency, strict } = values;
  const options = { port, hostname: host, seed, words, tokensPerSecond: pace, latencyMs: latency, strict };
  const simulator = await start(options);
  if (simulator === undefined) return EXIT.failed;
  process.stdout.write(greeting(simulator.url));
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  await simulator.stop();
  return EXIT.ok;
}

async function start(options: SimulatorOptions): Promise<Simulator | undefined> {
  try {
    return await startSimulator(options);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const reason = isTaken ? 'the port is taken; choose another with --port' : String(error);
    process.stderr.write(`llm-proxy mock: cannot listen on ${options.hostname}:${options.port}: ${reason}\n`);
    return undefined;
  }
}

function greeting(url: string): string {
  return `The mock provider listens on ${url}/v1

  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model": "mock/ok", "messages": [{"role": "user", "content": "Hello!"}]}'

The model chooses the fault, such as mock/429?times=1 or mock/cut-rst?after=5; so does the header x-mock-fault.
Every fault: curl ${url}/mock/faults    What came: curl ${url}/mock/attempts
`;
}
