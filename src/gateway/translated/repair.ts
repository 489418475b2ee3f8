import { splice } from '../../lib/splice.ts';
import { peekRequest, type RequestPeek } from '../../protocols/request.ts';
import type { Loss } from '../../translation/losses.ts';
import { repairOf, type SameApiTarget } from '../../translation/same-api/repair-body.ts';

/** A body that was changed, and what is known of it. */
export interface Repaired {
  readonly body: Uint8Array;
  readonly peek: RequestPeek;
  readonly losses: readonly Loss[];
}

/** Repairs a body for a provider of its API; undefined: it needs no change. */
export function repaired(
  bytes: Uint8Array,
  target: SameApiTarget,
  contentType: string,
): Repaired | undefined {
  const repair = repairOf(bytes, target);
  if (repair === undefined) return undefined;
  const body = splice(bytes, repair.edits);
  return { body, peek: peekRequest(body, contentType), losses: repair.losses };
}
