import type { Snapshot } from '../config/snapshot.ts';
import type { SharedAnswers } from '../gateway/cache/stored-answer.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { Log } from '../telemetry/log/log.ts';
import { readSecretVariables } from './secret-variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A slower answer is not worth waiting for: the request is served as if nothing was cached. */
const DEADLINE_MS = 20;

/**
 * Opens the answers that several gateways share, if the configuration says so. undefined: each process keeps its own; a
 * warning says why if that was not intended.
 */
export async function openSharedAnswers(
  { caching, sharedState }: Snapshot,
  env: Environment,
  log: Log,
): Promise<SharedAnswers | undefined> {
  if (caching?.isShared !== true) return undefined;
  const warn = (problem: string): undefined => {
    log.say('warn', 'warning', {
      text: `cache.store is redis, but answers are cached in memory: ${problem}`,
    });
    return undefined;
  };
  const variables = readSecretVariables(env);
  const secret = variables.kind === 'read' ? variables.env['SECRET_KEY'] || variables.env['ADMIN_KEY'] : '';
  if (!secret) return warn('SECRET_KEY is not set, and without it Redis could read them.');
  const { openRedis } = await import('./lease-store.ts');
  const redis = await openRedis({ ...sharedState, deadlineMs: DEADLINE_MS });
  if (typeof redis === 'string') return warn(redis);
  const { RedisAnswers } = await import('../redis/redis-answers.ts');
  // Gateways with another secret could not open the answers, so they have names of their own.
  const namespace = sharedState.namespace ?? sha256Hex(`answers ${secret}`).slice(0, 16);
  return new RedisAnswers({ redis, namespace, secret, lookMs: DEADLINE_MS });
}
