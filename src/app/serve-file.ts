import { announceTranslation } from './announce-translation.ts';
import { findMissingAuthorities, findWeakKeys } from '../config/read/file-warnings.ts';
import { addressText } from '../config/compile/address.ts';
import { type Files, loadConfig } from '../config/read/load.ts';
import type { Overrides } from '../config/read/overrides.ts';
import { formatProblem } from '../config/read/problems.ts';
import { watchFile } from '../config/read/watch.ts';
import { EXIT } from '../exit-code.ts';
import type { CompiledConfig } from './config-source.ts';
import { listen } from './listen.ts';
import type { Serving } from './serving.ts';
import { drainOnSignals } from './signals.ts';
import { WatchedFiles } from './watched-files.ts';

/** Serves the configuration in a file and follows its changes until a signal ends it. */
export async function serveFile(path: string, overrides: Overrides): Promise<number> {
  // The watch compares with the state at its start. It starts before the file is read, so that no change is missed.
  let reload = (): Promise<void> => Promise.resolve();
  const watch = watchFile(path, () => reload());
  const first = await load({ file: path, overrides, version: 1, staysLocked: false });
  if (first.kind === 'refused') {
    for (const problem of first.problems) console.error(problem);
    return EXIT.failed;
  }
  const serving = await listen(first.config);
  if (serving === undefined) return EXIT.failed;
  const drained = drainOnSignals(serving);
  announce(serving, [...first.weakKeys, ...(await findMissingAuthorities(serving.snapshot()))]);
  const reloadOnce = async (): Promise<void> => {
    const { version, access } = serving.snapshot();
    const staysLocked = access.kind === 'keys';
    const next = await load({ file: path, overrides, version: version + 1, staysLocked });
    if (next.kind === 'loaded') await accept(next.config, serving);
    else serving.emit({ type: 'configuration-refused', problems: next.problems });
    void secrets.follow(next.files);
  };
  let reloading = Promise.resolve();
  // Several files may change at once. Each change is read after the previous one is in force.
  reload = () => (reloading = reloading.then(reloadOnce, reloadOnce));
  const secrets = new WatchedFiles(reload);
  void secrets.follow(first.files);
  process.on('SIGHUP', () => void reload());
  await drained;
  watch.close();
  secrets.close();
  await serving.log.flush();
  return EXIT.ok;
}

type Loaded =
  | {
      readonly kind: 'loaded';
      readonly config: CompiledConfig;
      readonly files: Files;
      readonly weakKeys: readonly string[];
    }
  | { readonly kind: 'refused'; readonly problems: readonly string[]; readonly files: Files };

interface LoadOptions {
  readonly file: string;
  readonly overrides: Overrides;
  readonly version: number;
  readonly staysLocked: boolean;
}

async function load(options: LoadOptions): Promise<Loaded> {
  const context = { ...options, now: new Date() };
  const result = await loadConfig({ ...context, path: options.file, env: process.env });
  const { files } = result;
  if (result.kind === 'refused')
    return { kind: 'refused', problems: result.problems.map(formatProblem), files };
  const { snapshot, text, file } = result;
  const source = { kind: 'text', text, files: [...files], ...context } as const;
  return { kind: 'loaded', config: { snapshot, source }, files, weakKeys: findWeakKeys(file) };
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
}
