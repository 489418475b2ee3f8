import { REPLICAS } from '../../../app/start-warnings.ts';
import { describeAmount, describeClaim, describeKeeping } from '../../../config/describe-limit.ts';
import type { MasterKey, Snapshot } from '../../../config/snapshot.ts';
import { driverOf } from '../../../config/spend-settings.ts';
import type { Claim } from '../../../limits/claim.ts';

/** Every limit of a configuration in a line of plain words; of those per user and per end user, one for all. */
export function describeLimits(snapshot: Snapshot): string[] {
  const { limits, access, owners, sharedState } = snapshot;
  if (limits.isEmpty) return [];
  const keeping = keepingOf(snapshot);
  const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
  const lines = new Set([
    ...[...limits.all()].map((claim) => describeClaim(claim, owners, keeping)),
    ...keys.flatMap((key) => limits.perEndUser(key).map((claim) => describeEndUser(claim, key, keeping))),
  ]);
  const isAlone = driverOf(sharedState, false) === 'none';
  return [...lines, ...(isAlone ? [REPLICAS] : [])].map((line) => `  ${line}`);
}

/** The limits that hold for a request of a key for a model, or that one of its end users meets. */
export function describeClaimsOf(key: MasterKey | undefined, model: string, snapshot: Snapshot): string[] {
  const { limits, owners } = snapshot;
  const keeping = keepingOf(snapshot);
  return [
    ...limits.claimsOf(key, model).map((claim) => describeClaim(claim, owners, keeping)),
    ...(key === undefined
      ? []
      : limits.endUserClaims(key, '', model).map((claim) => describeEndUser(claim, key, keeping))),
  ].map((line) => `  ${line}`);
}

function describeEndUser(claim: Claim, { name }: MasterKey, keeping: string): string {
  return `each end user of key "${name}": ${describeAmount(claim)}${describeKeeping(claim, keeping)}`;
}

/** Describes the place where a file's gateway keeps its use. */
function keepingOf({ spend }: Snapshot): string {
  return spend.journal === undefined
    ? 'kept in memory: a restart forgets it'
    : `kept in ${spend.store.replace('sqlite://', '')}`;
}
