import { resolve } from 'node:path';
import type { Environment } from '../config/read/environment.ts';
import { findMissingAuthorities } from '../config/read/file-warnings.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { driverOf } from '../config/spend-settings.ts';
import { readSpendEnvironment } from './spend-environment.ts';
import { needsFolder } from './spend-side.ts';
import { findUnpricedBudgets } from './unpriced-budgets.ts';

/** The place of the configuration. */
export type Mode = 'file' | 'sqlite' | 'postgres';

/**
 * Warns of settings that are probably not intended and that the configuration alone does not show: missing files,
 * unknown prices, limits that a restart forgets. Each warning is one sentence. Replicas are possible if the
 * configuration is in PostgreSQL.
 */
export async function startWarnings(snapshot: Snapshot, env: Environment, mode: Mode): Promise<string[]> {
  return [
    ...(await findMissingAuthorities(snapshot)),
    ...(await findUnpricedBudgets(snapshot, Date.now())),
    ...findCountingDoubts(snapshot, env, mode),
  ];
}

/** Says why limits could not be kept at the next start; undefined: nothing speaks against it. Makes nothing. */
export async function findJournalProblem(snapshot: Snapshot, env: Environment): Promise<string | undefined> {
  const { limits, spend } = snapshot;
  if (!limits.needsJournal || spend.journal === undefined) return undefined;
  const { findFolderProblem } = await import('../spend/journal/folder.ts');
  const problem = findFolderProblem({
    path: resolve(readSpendEnvironment(env).dataFolder, spend.journal),
    isNamed: spend.isJournalNamed,
    allowsNetworkDisk: spend.allowNetworkDisk,
  });
  return problem === undefined ? undefined : needsFolder(limits.all(), problem);
}

function findCountingDoubts(
  { attribution, limits, spend, sharedState }: Snapshot,
  env: Environment,
  mode: Mode,
): string[] {
  const doubts: string[] = [];
  if (mode === 'file' && attribution.endUser === 'hash' && !env['SECRET_KEY'] && !env['SECRET_KEY_FILE'])
    doubts.push(
      'attribution.end_user is hash, which needs SECRET_KEY: without it, end users are neither distinguished nor stored.',
    );
  if (limits.needsJournal && spend.journal === undefined)
    doubts.push('spend.journal is memory: a restart resets the counts of limits of a day or longer.');
  const { driver } = sharedState;
  if (mode === 'file' && driver === 'postgres')
    doubts.push(
      'shared_state.driver: postgres needs the configuration in PostgreSQL (DB_URL), which keeps the nodes and the ledger: a gateway that serves a file counts limits for itself. See docs/many-machines.md.',
    );
  if (mode === 'file' && driver === 'redis' && limits.needsJournal)
    doubts.push(
      'Limits of a day or longer are shared only with the configuration in PostgreSQL (DB_URL), which keeps the ledger. A gateway that serves a file shares the others through Redis, and counts these for itself. See docs/many-machines.md.',
    );
  const isAlone = driverOf(sharedState, true) === 'none' || spend.journal === undefined;
  if (mode === 'postgres' && !limits.isEmpty && isAlone) doubts.push(`${REPLICAS} See docs/limits.md.`);
  return doubts;
}

/** `check` and the start say this about limits where several gateways may run. */
export const REPLICAS = 'Each replica counts limits for itself: N replicas allow up to N times a limit.';
