import type { Snapshot } from '../config/snapshot.ts';

/** With so many keys a collection is worth its time: 0.1 s with 100,000. */
const MANY_KEYS = 5_000;

/**
 * Collects the garbage of reading a configuration with many keys: some 200 MB with 100,000. A process without requests
 * would keep it, since the runtime collects when memory is asked for.
 */
export async function freeAfterLoading({ access }: Pick<Snapshot, 'access'>): Promise<void> {
  if (access.kind === 'open' || access.keys.size < MANY_KEYS) return;
  const { fullGC } = await import('bun:jsc');
  // The calls that read it are still on the stack, and keep what they used.
  await Bun.sleep(0);
  fullGC();
}
