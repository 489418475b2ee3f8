import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { App } from '../app.ts';
import { type LoadResult, loadConfig } from '../config/load.ts';
import { type Overrides, parsePort, parseWorkers } from '../config/overrides.ts';
import { formatProblem } from '../config/problems.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { watchFile } from '../config/watch.ts';
import type { Log } from '../telemetry/log.ts';
import { type Command, EXIT, withDoubleDashes } from './command.ts';
import { runDemo } from './demo.ts';
import { serveDatabase } from './serve-database.ts';
import { listen } from './listen.ts';
import { drainOnSignals } from './signals.ts';

const HELP = `Usage: llm-proxy [serve] [options]

Starts the gateway.

  --config FILE   configuration (default: $CONFIG_PATH, else config.yaml; without either, a demo is started)
  --host HOST     address to listen on (default: $HOST, else as the configuration says)
  --port PORT     port to listen on (default: $PORT, else as the configuration says, else 18000)
  --workers N     has no effect yet: one process serves everything
  --no-migrate    with DB_URL: don't make pending migrations, refuse to start without them
  --help          this text

With DB_URL in the environment the configuration is in that database, and is changed by the Admin API (ADMIN_KEY).

Signals: SIGHUP reads the configuration again; SIGTERM and SIGINT let requests in flight finish, a second one does not.`;

export const serveCommand: Command = { name: 'serve', summary: 'Start the gateway (the default)', run };

/** What the command line says; `usage` where it can't be understood. */
type Flags =
  | {
      readonly kind: 'flags';
      readonly config: string | undefined;
      readonly overrides: Overrides;
      readonly migrates: boolean;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly message: string };

async function run(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  if (flags.kind === 'help') {
    console.log(HELP);
    return EXIT.ok;
  }
  if (flags.kind === 'usage') {
    console.error(`llm-proxy: ${flags.message} "llm-proxy serve --help" tells more.`);
    return EXIT.usage;
  }
  if (process.env['DB_URL']) return serveDatabase(flags);
  const path =
    flags.config ?? process.env['CONFIG_PATH'] ?? (existsSync('config.yaml') ? 'config.yaml' : undefined);
  return path === undefined ? runDemo(flags.overrides) : serveFile(path, flags.overrides);
}

function readFlags(args: readonly string[]): Flags {
  try {
    const { values } = parseArgs({
      args: withDoubleDashes(args),
      options: {
        config: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        workers: { type: 'string' },
        'no-migrate': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    return {
      kind: 'flags',
      config: values.config,
      overrides: readOverrides(values),
      migrates: values['no-migrate'] !== true,
    };
  } catch (error) {
    return { kind: 'usage', message: error instanceof Error ? error.message : String(error) };
  }
}

interface OverrideFlags {
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly workers?: string | undefined;
}

function readOverrides({ host, port, workers }: OverrideFlags): Overrides {
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && {
      port: understood(parsePort(port), '--port', 'a port from 0 to 65535', port),
    }),
    ...(workers !== undefined && {
      workers: understood(parseWorkers(workers), '--workers', 'a number from 1 to 256, or "auto"', workers),
    }),
  };
}

function understood<T>(value: T | undefined, flag: string, allowed: string, text: string): T {
  if (value === undefined) throw new TypeError(`${flag} must be ${allowed}, not "${text}".`);
  return value;
}

/** Serves the configuration in a file, and follows its changes, until a signal ends it. */
async function serveFile(path: string, overrides: Overrides): Promise<number> {
  // The watch compares with what is there now: it begins before the file is read, so that no change is missed.
  let onChange = (): Promise<void> => Promise.resolve();
  const watch = watchFile(path, () => onChange());
  const load = (version: number, staysLocked: boolean): Promise<LoadResult> =>
    loadConfig({ path, env: process.env, overrides, version, now: new Date(), staysLocked });
  const first = await load(1, false);
  if (first.kind === 'refused') {
    for (const problem of first.problems) console.error(formatProblem(problem));
    return EXIT.failed;
  }
  const serving = listen(first.snapshot);
  if (serving === undefined) return EXIT.failed;
  const { app, log } = serving;
  const drained = drainOnSignals(app, log);
  announce(app, log);
  onChange = async (): Promise<void> => {
    const { version, access } = app.snapshot();
    const result = await load(version + 1, access.kind === 'keys');
    if (result.kind === 'loaded') accept(result.snapshot, app, log);
    else app.emit({ type: 'configuration-refused', problems: result.problems.map(formatProblem) });
  };
  process.on('SIGHUP', () => void onChange());
  await drained;
  watch.close();
  await log.flush();
  return EXIT.ok;
}

/** Says in a few lines what was loaded and where it listens. */
function announce(app: App, log: Log): void {
  const { access, providers, models, warnings } = app.snapshot();
  log.say('info', 'started', { address: app.server.url });
  log.say('info', 'loaded', {
    providers: providers.size,
    models: models.size,
    keys: access.kind === 'keys' ? access.keys.size : 0,
  });
  for (const text of warnings) log.say('warn', 'warning', { text });
}

/** Puts a changed configuration in force. */
function accept(next: Snapshot, app: App, log: Log): void {
  const before = app.snapshot();
  app.swap(next);
  app.emit({ type: 'configuration-accepted', version: next.version, warnings: next.warnings });
  if (before.server.host !== next.server.host || before.server.port !== next.server.port) {
    log.say('warn', 'needsRestart', { address: `${next.server.host}:${next.server.port}` });
  }
}
