import type { CompiledConfig, ConfigSource, StepSource } from './config-source.ts';

/** How long a change waits for every worker to apply it. Those that need the whole source get the same time again. */
const SWAP_MS = 2_000;

/** The part of a `WorkerPool` that sends a configuration. */
interface SwapPool {
  callAll(
    name: 'swap',
    source: ConfigSource | StepSource,
    timeoutMs: number,
  ): Promise<readonly { readonly worker: number; readonly answer: 'done' | 'behind' }[]>;
  call(worker: number, name: 'swap', source: ConfigSource): Promise<unknown>;
}

/** Sends a configuration to every worker: the step that leads to it, and the whole to those that need it. */
export async function swapAll(
  pool: SwapPool,
  { source, step }: Pick<CompiledConfig, 'source' | 'step'>,
): Promise<void> {
  const answers = await pool.callAll('swap', step ?? source, SWAP_MS);
  const behind = answers.filter(({ answer }) => answer === 'behind');
  if (behind.length === 0) return;
  const swapped = behind.map(({ worker }) => pool.call(worker, 'swap', source).catch(() => undefined));
  await Promise.race([Promise.all(swapped), Bun.sleep(SWAP_MS)]);
}
