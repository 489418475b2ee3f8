import type { Policy } from '../../translation/losses.ts';
import type { AttemptContext } from '../prepared-request.ts';

/** The request field in which a client overrides the configured policy. */
const FIELD = 'x-llm-proxy-unsupported';

const STRICTNESS: Readonly<Record<Policy, number>> = { drop: 0, warn: 1, reject: 2 };

/**
 * Returns the policy for parts of a request that the provider's API lacks. A client may make the configured policy
 * stricter; only some keys may make it laxer.
 */
export function policyFor({ planned, provider }: AttemptContext): Policy {
  const { unsupported } = planned.snapshot.translation(planned.plan.model.name, provider);
  const asked = planned.request.headers.get(FIELD)?.trim().toLowerCase();
  if (asked === undefined || !isPolicy(asked)) return unsupported;
  const isStricter = STRICTNESS[asked] > STRICTNESS[unsupported];
  return isStricter || planned.key?.mayRelaxTranslation === true ? asked : unsupported;
}

function isPolicy(word: string): word is Policy {
  return Object.hasOwn(STRICTNESS, word);
}
