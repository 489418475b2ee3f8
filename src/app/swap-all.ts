import type { WorkerPool } from '../cluster/worker-pool.ts';
import type { CompiledConfig } from './config-source.ts';
import type { WorkerCalls } from './worker-calls.ts';

/** How long a change waits for every worker to apply it. */
const SWAP_MS = 2_000;

/** Sends a configuration to every worker: the step that leads to it, and the whole to those that need it. */
export async function swapAll(
  pool: Pick<WorkerPool<WorkerCalls>, 'call' | 'callAll'>,
  { source, step }: CompiledConfig,
): Promise<void> {
  const answers = await pool.callAll('swap', step ?? source, SWAP_MS);
  const behind = answers.filter(({ answer }) => answer === 'behind');
  await Promise.all(behind.map(({ worker }) => pool.call(worker, 'swap', source).catch(() => undefined)));
}
