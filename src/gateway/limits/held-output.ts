import type { Claim } from '../../limits/claim.ts';
import type { Hold } from '../../limits/claim-taking.ts';
import { needFor, type RequestNeeds } from './request-need.ts';

/** Whether a longer answer needs more of the limit than is held. */
export function canGrow({ kind, hold }: Claim): boolean {
  return hold === 'expected' && (kind === 'cost' || kind === 'tokens' || kind === 'output_tokens');
}

/** The bits of the limits that hold a usual output. */
export function usualBits(holds: readonly Hold[], needs: RequestNeeds): number {
  let bits = 0;
  for (let index = 0; index < holds.length; index++) {
    const claim = holds[index]?.record.claim;
    if (claim !== undefined && needFor(claim, needs) === needs.usual) bits |= 1 << index;
  }
  return bits;
}

/** The least output tokens that a hold is for which can grow; Infinity: none can. */
export function leastOutput(holds: readonly Hold[], needs: RequestNeeds): number {
  let least = Infinity;
  for (const { record } of holds) {
    const output = canGrow(record.claim) ? needFor(record.claim, needs).output : 0;
    if (output > 0 && output < least) least = output;
  }
  return least;
}
