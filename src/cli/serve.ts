import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { type Overrides, parsePort, parseWorkers } from '../config/overrides.ts';
import { formatProblem } from '../config/problems.ts';
import { watchFile } from '../config/watch.ts';
import { type Command, EXIT, withDoubleDashes } from './command.ts';
import { runDemo } from './demo.ts';
import { serveDatabase } from './serve-database.ts';
import type { Edition } from './edition.ts';
import { listen, type Serving } from './listen.ts';
import { drainOnSignals } from './signals.ts';

const HELP = `Usage: llm-proxy [serve] [options]

Starts the gateway.

  --config FILE   configuration (default: $CONFIG_PATH, else config.yaml; without either, a demo is started)
  --host HOST     address to listen on (default: $HOST, else as the configuration says)
  --port PORT     port to listen on (default: $PORT, else as the configuration says, else 18000)
  --workers N     processes that serve, or "auto": one for each processor (Linux only; default: 1)
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
  const first = await load({ file: path, overrides, version: 1, staysLocked: false });
  if (first.kind === 'refused') {
    for (const problem of first.problems) console.error(problem);
    return EXIT.failed;
  }
  const serving = await listen(first.edition);
  if (serving === undefined) return EXIT.failed;
  const drained = drainOnSignals(serving);
  announce(serving);
  onChange = async (): Promise<void> => {
    const { version, access } = serving.snapshot();
    const next = await load({
      file: path,
      overrides,
      version: version + 1,
      staysLocked: access.kind === 'keys',
    });
    if (next.kind === 'loaded') await accept(next.edition, serving);
    else serving.emit({ type: 'configuration-refused', problems: next.problems });
  };
  process.on('SIGHUP', () => void onChange());
  await drained;
  watch.close();
  await serving.log.flush();
  return EXIT.ok;
}

type Loaded =
  | { readonly kind: 'loaded'; readonly edition: Edition }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

interface LoadOptions {
  readonly file: string;
  readonly overrides: Overrides;
  readonly version: number;
  readonly staysLocked: boolean;
}

async function load(options: LoadOptions): Promise<Loaded> {
  const context = { ...options, now: new Date() };
  const result = await loadConfig({ ...context, path: options.file, env: process.env });
  if (result.kind === 'refused') return { kind: 'refused', problems: result.problems.map(formatProblem) };
  const { snapshot, text } = result;
  return { kind: 'loaded', edition: { snapshot, recipe: { kind: 'text', text, ...context } } };
}

/** Says in a few lines what was loaded and where it listens. */
function announce({ url, log, snapshot }: Serving): void {
  const { access, providers, models, warnings } = snapshot();
  log.say('info', 'started', { address: url });
  log.say('info', 'loaded', {
    providers: providers.size,
    models: models.size,
    keys: access.kind === 'keys' ? access.keys.size : 0,
  });
  for (const text of warnings) log.say('warn', 'warning', { text });
}

/** Puts a changed configuration in force. */
async function accept(next: Edition, { snapshot, swap, emit, log }: Serving): Promise<void> {
  const before = snapshot();
  const { version, warnings, server } = next.snapshot;
  await swap(next);
  emit({ type: 'configuration-accepted', version, warnings });
  if (before.server.host !== server.host || before.server.port !== server.port) {
    log.say('warn', 'needsRestart', { address: `${server.host}:${server.port}` });
  }
}
