import { type Member, scanObject } from '../lib/json/json-scan.ts';
import { stringAt } from '../lib/json/json-string.ts';

/** The members of a request's body that may name the end user, in the order in which they count. */
export const END_USER_MEMBERS: readonly string[] = ['user', 'safety_identifier', 'metadata'];

/** Longer strings are not names. They are not decoded. */
const MOST_BYTES = 4_096;
/** A larger `metadata` is not examined. */
const MOST_METADATA_BYTES = 65_536;

/**
 * The end user that the scanned members of a JSON body name: `user` or `safety_identifier` of OpenAI's APIs,
 * `metadata.user_id` of Anthropic's. undefined if they name nobody. The length is not limited.
 */
export function endUserIn(body: Uint8Array, members: readonly Member[]): string | undefined {
  let user: string | undefined;
  let safety: string | undefined;
  let metadata: Member | undefined;
  // A parser uses the last of equal keys.
  for (const member of members) {
    if (member.key === 'user') user = textOf(body, member);
    else if (member.key === 'safety_identifier') safety = textOf(body, member);
    else if (member.key === 'metadata') metadata = member;
  }
  return user ?? safety ?? userIdIn(body, metadata);
}

function userIdIn(body: Uint8Array, metadata: Member | undefined): string | undefined {
  if (metadata?.type !== 'object') return undefined;
  const { valueStart, valueEnd } = metadata;
  if (valueEnd - valueStart > MOST_METADATA_BYTES) return undefined;
  const bytes = body.subarray(valueStart, valueEnd);
  const scan = scanObject(bytes, ['user_id']);
  if (scan.kind !== 'object') return undefined;
  const id = textOf(
    bytes,
    scan.members.findLast(({ key }) => key === 'user_id'),
  );
  return id && personIn(id);
}

/**
 * The person in a `metadata.user_id`. Claude Code sends JSON with `account_uuid`, `device_id` and `session_id`; its
 * older versions sent `user_…_account_…_session_…`. The session changes while the person does not, so it never counts.
 * undefined if only a session is named.
 */
function personIn(userId: string): string | undefined {
  if (userId.startsWith('{')) return personInJson(userId);
  const session = userId.startsWith('user_') ? userId.lastIndexOf('_session_') : -1;
  return session === -1 ? userId : userId.slice(0, session);
}

function personInJson(userId: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(userId);
  } catch {
    return userId;
  }
  if (typeof parsed !== 'object' || parsed === null) return userId;
  const { account_uuid: account, device_id: device } = parsed as Readonly<Record<string, unknown>>;
  for (const id of [account, device]) if (typeof id === 'string' && id.trim() !== '') return id;
  return 'session_id' in parsed ? undefined : userId;
}

/** undefined if the member is not a string with text. */
function textOf(body: Uint8Array, member: Member | undefined): string | undefined {
  if (member?.type !== 'string' || member.valueEnd - member.valueStart > MOST_BYTES) return undefined;
  const text = stringAt(body, member.valueStart, member.valueEnd)?.trim();
  return text === '' ? undefined : text;
}
