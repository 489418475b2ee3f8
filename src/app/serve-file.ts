import { AlertSide } from './alert-side.ts';
import { announceTranslation } from './announce-translation.ts';
import { findWeakKeys } from '../config/read/file-warnings.ts';
import { addressText } from '../config/compile/address.ts';
import { loadConfig } from '../config/read/load.ts';
import type { Files } from '../config/read/load-result.ts';
import type { Overrides } from '../config/read/overrides.ts';
import { formatProblem, type Problem } from '../config/read/problems.ts';
import { watchFile } from '../config/read/watch.ts';
import { EXIT } from '../exit-code.ts';
import type { ConfigFile } from '../config/schema/schema.ts';
import type { CompiledConfig } from './config-source.ts';
import type { FileAdmin, FileAdminOptions } from './file-admin.ts';
import { freeAfterLoading } from './free-after-loading.ts';
import type { KeyUse } from '../gateway/key-use.ts';
import { openKeyUse } from './key-use.ts';
import { listen } from './listen.ts';
import type { Log } from '../telemetry/log/log.ts';
import type { ListenOptions, Serving } from './serving.ts';
import type { Sharing } from './sharing.ts';
import { startWarnings } from './start-warnings.ts';
import { tellSharedStateChange } from './shared-state-change.ts';
import { openFileSharing } from './file-sharing.ts';
import { drainOnSignals, stopSignal } from './signals.ts';
import { readSpendEnvironment } from './spend-environment.ts';
import { SpendSide } from './spend-side.ts';
import { WatchedFiles } from './watched-files.ts';

/** Serves the configuration in a file and follows its changes until a signal ends it. */
export async function serveFile(path: string, overrides: Overrides): Promise<number> {
  // The watch compares with the state at its start. It starts before the file is read, so that no change is missed.
  let reload = (): Promise<readonly Problem[]> => Promise.resolve([]);
  // Without a listener, the signal would end the program.
  process.on('SIGHUP', () => void reload());
  const watch = watchFile(path, async () => void (await reload()));
  const first = await load({ file: path, overrides, version: 1, staysLocked: false });
  if (first.kind === 'refused') return failed(first.problems.map(formatProblem));
  let loaded: Loaded = first;
  let listening: Serving | undefined;
  let sharing: Sharing | undefined;
  const log = (): Log | undefined => listening?.log;
  const spend = new SpendSide({ ...readSpendEnvironment(process.env), database: undefined, log });
  const admin = await adminOf(process.env, {
    path,
    reload: () => reload(),
    inForce: () => ({ file: loaded.file, snapshot: loaded.config.snapshot }),
    serving: () => listening,
    sharing: () => sharing,
    spend,
  });
  const problem = await spend.follow(first.config.snapshot);
  if (problem !== undefined) return failed([`llm-proxy: ${problem}`]);
  const keyUse = keyUseOf(spend, () => listening);
  const signal = stopSignal();
  sharing = await openFileSharing({ snapshot: first.config.snapshot, log });
  const sides = { admin: admin.side, spend, keyUse, ...sharedBy(sharing) };
  const serving = await listen(first.config, sides);
  if (serving === undefined) return EXIT.failed;
  listening = serving;
  const alerts = new AlertSide({ database: spend.database, spend, serving });
  const drained = drainOnSignals(signal, serving);
  let doubts = await startWarnings(serving.snapshot(), process.env, 'file');
  announce(serving, [...first.weakKeys, ...doubts, ...admin.warnings, ...unsharedIn(sharing)]);
  const reloadOnce = async (): Promise<readonly Problem[]> => {
    const { version, access } = serving.snapshot();
    const staysLocked = access.kind === 'keys';
    const next = await load({ file: path, overrides, version: version + 1, staysLocked });
    void secrets.follow(next.files);
    if (next.kind === 'refused') {
      serving.emit({ type: 'configuration-refused', problems: next.problems.map(formatProblem) });
      return next.problems;
    }
    loaded = next;
    await spend.adopt(next.config.snapshot, () => accept(next.config, serving));
    doubts = await tellNew(doubts, serving);
    return [];
  };
  let reloading: Promise<readonly Problem[]> = Promise.resolve([]);
  // Several files may change at once. Each change is read after the previous one is in force.
  reload = () => (reloading = reloading.then(reloadOnce, reloadOnce));
  const secrets = new WatchedFiles(async () => void (await reload()));
  void secrets.follow(first.files);
  await drained;
  watch.close();
  secrets.close();
  await closeLedger({ alerts, sharing, spend });
  await serving.log.flush();
  return EXIT.ok;
}

interface LedgerParts {
  readonly alerts: AlertSide;
  readonly sharing: Sharing | undefined;
  readonly spend: SpendSide;
}

async function closeLedger({ alerts, sharing, spend }: LedgerParts): Promise<void> {
  await alerts.close();
  await sharing?.stop();
  await spend.close();
  await sharing?.close();
}

function sharedBy(sharing: Sharing | undefined): Pick<ListenOptions, 'shared' | 'leaseState'> {
  return { shared: sharing?.side, leaseState: sharing?.state };
}

/** Why limits are not shared as the file says. */
function unsharedIn(sharing: Sharing | undefined): readonly string[] {
  return sharing?.problem === undefined ? [] : [sharing.problem];
}

function failed(lines: readonly string[]): number {
  for (const line of lines) console.error(line);
  return EXIT.failed;
}

/** Logs the warnings that the configuration before did not have. Returns those of the one in force. */
async function tellNew(before: readonly string[], { snapshot, log }: Serving): Promise<string[]> {
  const doubts = await startWarnings(snapshot(), process.env, 'file');
  for (const text of doubts) if (!before.includes(text)) log.say('warn', 'warning', { text });
  return doubts;
}

/** Answers keys' holders about their use. There is some once a limit needs a ledger. */
function keyUseOf(spend: SpendSide, serving: () => Serving | undefined): KeyUse {
  return openKeyUse({
    database: spend.database,
    timezone: () => serving()?.snapshot().limits.options.timezone ?? 'UTC',
    nowMs: Date.now,
    onBug: (error) => serving()?.emit({ type: 'bug', requestId: undefined, error }),
  });
}

/** Loads the Admin API only where a key is set. */
async function adminOf(
  env: FileAdminOptions['env'],
  options: Omit<FileAdminOptions, 'env'>,
): Promise<FileAdmin> {
  if (!env['ADMIN_KEY'] && !env['ADMIN_KEY_FILE']) return { side: undefined, warnings: [] };
  const { openFileAdmin } = await import('./file-admin.ts');
  return openFileAdmin({ ...options, env });
}

interface Loaded {
  readonly kind: 'loaded';
  readonly config: CompiledConfig;
  /** With references expanded. */
  readonly file: ConfigFile;
  readonly files: Files;
  readonly weakKeys: readonly string[];
}

type LoadedOrRefused =
  | Loaded
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly files: Files };

interface LoadOptions {
  readonly file: string;
  readonly overrides: Overrides;
  readonly version: number;
  readonly staysLocked: boolean;
}

async function load(options: LoadOptions): Promise<LoadedOrRefused> {
  const context = { ...options, now: new Date() };
  const result = await loadConfig({ ...context, path: options.file, env: process.env });
  const { files } = result;
  if (result.kind === 'refused') return { kind: 'refused', problems: result.problems, files };
  const { snapshot, text, file } = result;
  const source = { kind: 'text', text, files: [...files], ...context } as const;
  return { kind: 'loaded', config: { snapshot, source }, file, files, weakKeys: findWeakKeys(file) };
}

/** Logs in a few lines what was loaded and where the gateway listens. */
function announce({ url, log, snapshot }: Serving, doubts: readonly string[]): void {
  const { access, providers, models, warnings } = snapshot();
  log.say('info', 'started', { address: url });
  log.say('info', 'loaded', {
    providers: providers.size,
    models: models.size,
    keys: access.kind === 'keys' ? access.keys.size : 0,
  });
  for (const text of [...warnings, ...doubts]) log.say('warn', 'warning', { text });
  announceTranslation(snapshot(), log);
}

/** Applies a changed configuration. */
async function accept(next: CompiledConfig, { snapshot, swap, emit, log }: Serving): Promise<void> {
  const before = snapshot();
  const { version, warnings, server } = next.snapshot;
  await swap(next);
  emit({ type: 'configuration-accepted', version, warnings });
  if (before.server.host !== server.host || before.server.port !== server.port) {
    log.say('warn', 'needsRestart', { address: addressText(server) });
  }
  tellSharedStateChange(before, next.snapshot, log);
  await freeAfterLoading(next.snapshot);
}
