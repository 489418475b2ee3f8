import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, startApp } from '../../src/app/gateway-app.ts';
import { type OpenLog, openLog } from '../../src/telemetry/log/open-log.ts';
import type { OpenTracing } from '../../src/telemetry/traces/trace-open.ts';
import { compiled } from './gateway.ts';

/** A gateway with the program's real log: terminal, files, redaction. `FOLDER` in the configuration is its folder. */
export interface LoggedGateway {
  readonly url: string;
  readonly app: App;
  readonly folder: string;
  readonly log: OpenLog;
  /** The text written to the terminal. */
  readonly terminal: () => string;
  /** The complaints written elsewhere because the log could not be written. */
  readonly complaints: () => string;
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  /** The names and contents of the files in a folder of the log. */
  readonly files: (directory?: string) => Promise<ReadonlyMap<string, string>>;
  readonly reconfigure: (config: string) => void;
  /** Moves the log's clock. */
  readonly sleep: (ms: number) => void;
  readonly stop: () => Promise<void>;
}

/** Starts it on a free port, with a new folder that is removed when it stops. `server` adds settings to that section. */
export async function startLoggedGateway(
  config: string,
  server = '',
  tracing?: OpenTracing,
): Promise<LoggedGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-e2e-'));
  const compile = (text: string, version: number) =>
    compiled(
      `server: { host: 127.0.0.1, port: 0${server && `, ${server}`} }\n${text.replaceAll('FOLDER', folder)}`,
      version,
    );
  const output = { terminal: '', complaints: '' };
  let current = () => compile(config, 1);
  let aheadMs = 0;
  const log = openLog({
    snapshot: () => current(),
    print: (lines) => Promise.resolve((output.terminal += new TextDecoder().decode(lines))),
    complain: (text) => (output.complaints += text),
    epochMs: () => Date.now() + aheadMs,
  });
  const app = startApp({
    snapshot: current(),
    version: 'test',
    emit: log.listen,
    droppedLogRows: log.droppedRows,
    tracing,
  });
  current = app.snapshot;
  return {
    url: app.server.url,
    app,
    folder,
    log,
    terminal: () => output.terminal,
    complaints: () => output.complaints,
    post: (path, body, headers = {}) =>
      fetch(`${app.server.url}${path}`, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    files: (directory = '') => read(join(folder, directory)),
    reconfigure: (text) => app.swap(compile(text, app.snapshot().version + 1)),
    sleep: (ms) => {
      aheadMs += ms;
    },
    stop: async () => {
      await app.stop();
      await log.flush();
      await rm(folder, { recursive: true });
    },
  };
}

async function read(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(directory, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const),
    ),
  );
}
