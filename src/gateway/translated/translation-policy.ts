import type { Policy } from '../../translation/losses.ts';
import type { AttemptContext } from '../prepared-request.ts';

/** By this field a client asks for another policy than the configured one. */
const FIELD = 'x-llm-proxy-unsupported';

const STRICTNESS: Readonly<Record<Policy, number>> = { drop: 0, warn: 1, reject: 2 };

/** What becomes of what the provider's API does not have: as configured, or stricter if the client says so. Laxer only for keys that may. */
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
