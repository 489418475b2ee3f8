import { parseArgs } from 'node:util';
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator/simulator.ts';
import { type Command, EXIT } from './command.ts';

const DEFAULT_PORT = 18_001;

const HELP = `Usage: llm-proxy mock [options]

A provider that can be told to fail: it speaks the APIs of OpenAI and Anthropic, and needs no key.

  --port N      the port to listen on (${DEFAULT_PORT}); 0: a free one
  --host HOST   the address to listen on (127.0.0.1)
  --seed N      another seed, other answers (1)
  --words N     the length of answers in tokens (20)
  --pace N      tokens per second of a stream; 0: as fast as possible (0)
  --latency MS  milliseconds before every answer (0)
  --help        this text

The model says how it fails: mock/ok, mock/429?retry-after=7&times=1, mock/cut-rst?after=40, mock/gzip+500.
So does the header x-mock-fault, for any model. GET /mock/faults lists every fault.
`;

/** `llm-proxy mock`: runs the mock provider until SIGINT or SIGTERM. Resolves to the exit code. */
export const mockCommand: Command = {
  name: 'mock',
  summary: 'Run a mock provider that fails on demand',
  run: runMock,
};

async function runMock(args: readonly string[]): Promise<number> {
  const wish = readArgs(args);
  switch (wish.kind) {
    case 'help':
      process.stdout.write(HELP);
      return EXIT.ok;
    case 'invalid':
      process.stderr.write(`llm-proxy mock: ${wish.problem}; see llm-proxy mock --help\n`);
      return EXIT.usage;
    case 'run':
      return serve(wish.options);
  }
}

type Wish =
  | { readonly kind: 'help' }
  | { readonly kind: 'invalid'; readonly problem: string }
  | { readonly kind: 'run'; readonly options: SimulatorOptions };

const NUMBERS = ['port', 'seed', 'words', 'pace', 'latency'] as const;

function readArgs(args: readonly string[]): Wish {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: text,
        host: text,
        seed: text,
        words: text,
        pace: text,
        latency: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    for (const name of NUMBERS) {
      const value = values[name];
      if (value !== undefined && !isNumber(value)) {
        return {
          kind: 'invalid',
          problem: `--${name} must be a number that is not negative, not "${value}"`,
        };
      }
    }
    const port = Number(values.port ?? DEFAULT_PORT);
    if (!Number.isInteger(port) || port > 65_535) {
      return { kind: 'invalid', problem: `--port must be a whole number up to 65535, not "${values.port}"` };
    }
    return {
      kind: 'run',
      options: {
        port,
        hostname: values.host ?? '127.0.0.1',
        seed: Number(values.seed ?? 1),
        words: Number(values.words ?? 20),
        tokensPerSecond: Number(values.pace ?? 0),
        latencyMs: Number(values.latency ?? 0),
      },
    };
  } catch (error) {
    return { kind: 'invalid', problem: firstSentence(error) };
  }
}

function isNumber(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text);
}

/** The problem alone: what `parseArgs` advises after it fits programs with positional arguments. */
function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split(/\.\s|\n/)[0] ?? message).replace(/\.$/, '');
}

async function serve(options: SimulatorOptions): Promise<number> {
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
    const reason = isTaken ? 'the port is taken; choose another with --port' : firstSentence(error);
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
