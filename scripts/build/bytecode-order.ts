import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long the program may take to start, to answer, and to end. */
const PATIENCE_MS = 30_000;

/** Within this time, everything that a gateway does at intervals of a second or less has happened. */
const INTERVALS_MS = 1_500;

const KEY = 'sk-recorded-key-0123456789abcdef';

/**
 * Records which functions a gateway runs from its start to its first answers, into `file`, so that a second build can place
 * their bytecode together: of what lies between them, the system would load pages that nobody needs. Resolves with
 * the reason if this machine cannot run the program.
 */
export async function recordOrder(program: string, file: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-order-'));
  const mock = start([program, 'mock', '--port', '0'], folder);
  try {
    const provider = await printed(mock, /(http:\/\/[^\s/]+)/);
    await Bun.write(join(folder, 'config.yaml'), configOf(provider, folder));
    const gateway = start(
      [program, '--config', 'config.yaml', '--host', '127.0.0.1', '--port', '0'],
      folder,
      file,
    );
    try {
      const url = await printed(gateway, /(http:\/\/127\.0\.0\.1:\d+)/);
      // The order is that of the first use, and every gateway needs what it does at intervals.
      await Bun.sleep(INTERVALS_MS);
      for (const stream of [false, true]) await ask(url, stream);
    } finally {
      gateway.kill('SIGTERM');
      await within(gateway.exited);
    }
    return (await Bun.file(file).exists()) ? undefined : 'the program wrote no profile';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    mock.kill('SIGKILL');
    await mock.exited;
    await rm(folder, { recursive: true });
  }
}

/** A configuration like many: a key, a limit, metrics and a JSON log in a file. */
function configOf(provider: string, folder: string): string {
  return `
providers:
  - name: mock
    api_base: "${provider}/v1"
    api_key: sk-mock
models:
  recorded: {routes: [{provider: mock, model: mock/ok}]}
master_keys:
  - name: recorded
    key: ${KEY}
    rate_limit: {requests_per_second: 100, burst_size: 100}
workers: 1
logging: {level: info, format: json, general_file: ${JSON.stringify(join(folder, 'log.jsonl'))}, enable_metrics: true}
`;
}

function start(command: readonly string[], cwd: string, file?: string): Bun.Subprocess<'ignore', 'pipe'> {
  const { PATH = '', HOME = cwd } = process.env;
  const env = { PATH, HOME, ...(file !== undefined && { BUN_BYTECODE_ORDER_OUT: file }) };
  return Bun.spawn([...command], { cwd, env, stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' });
}

/** The first group of a pattern in what a program prints, which is read to its end. */
async function printed({ stdout }: Bun.Subprocess<'ignore', 'pipe'>, pattern: RegExp): Promise<string> {
  const found = Promise.withResolvers<string>();
  const read = async (): Promise<void> => {
    let text = '';
    for await (const bytes of stdout) {
      text += Buffer.from(bytes).toString();
      const match = pattern.exec(text)?.[1];
      if (match !== undefined) found.resolve(match);
    }
    found.reject(new Error('the program ended early'));
  };
  void read();
  return within(found.promise);
}

async function ask(url: string, stream: boolean): Promise<void> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'recorded', stream, messages: [{ role: 'user', content: 'Hello!' }] }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the program answered ${answer.status}: ${text}`);
}

async function within<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the program takes too long')), PATIENCE_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
