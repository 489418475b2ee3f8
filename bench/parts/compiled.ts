import { compileText } from '../../src/config/read/compile-text.ts';
import type { Snapshot } from '../../src/config/snapshot.ts';

/** Compiles a configuration that is expected to be valid. */
export function compiled(config: string): Snapshot {
  const loaded = compileText(config, {
    file: 'bench.yaml',
    env: {},
    overrides: { host: '127.0.0.1' },
    version: 1,
    now: new Date(),
  });
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems));
  return loaded.snapshot;
}
