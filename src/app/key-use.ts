import type { AdminHandler } from '../admin/admin.ts';
import type { KeyAnswer, KeyQuestion, KeyUse } from '../gateway/key-use.ts';
import type { KeyUseOptions } from '../spend/key/key-use.ts';

/** The answer where no use is kept. */
export const NOT_STORED: KeyAnswer = { kind: 'unavailable', problem: 'it is not stored here' };

/** Answers key holders' questions about their use. The code for it is loaded with the first question. */
export function openKeyUse(options: KeyUseOptions): KeyUse {
  let made: Promise<KeyUse> | undefined;
  return async (question) => {
    made ??= import('../spend/key/key-use.ts').then(({ createKeyUse }) => createKeyUse(options));
    return (await made)(question);
  };
}

type Rotation = KeyQuestion & { readonly about: 'rotation' };

/** The fields of a rotation that a holder may set. A secret of the holder's own choice is not among them. */
const FIELDS = ['grace_seconds', 'revoke_previous'];

/** Rotates a key through the Admin API, in the name of the key, with its history, checks and repetitions. */
export function rotationThrough(admin: AdminHandler): (question: Rotation) => Promise<KeyAnswer> {
  return async ({ keyId, keyName, rotation }) => {
    const other = fieldsOf(rotation.body).find((name) => !FIELDS.includes(name));
    if (other !== undefined)
      return {
        kind: 'invalid',
        param: other,
        problem: `the body takes ${FIELDS.join(' or ')}, not ${other}`,
      };
    const { body, idempotencyKey, clientAddress: address } = rotation;
    const request = new Request(`http://localhost/admin/v1/master-keys/${encodeURIComponent(keyId)}/rotate`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      body,
    });
    const response = await admin(
      request,
      { address, isSecure: true },
      {
        role: 'operator',
        kind: 'master_key',
        name: `key ${keyName}`,
        session: undefined,
        csrfToken: undefined,
      },
    );
    return answerOf(response.status, (await response.json()) as RotationAnswer);
  };
}

interface RotationAnswer {
  readonly key?: string;
  readonly key_preview?: string;
  readonly previous_key_expires_at?: string | null;
  readonly error?: { readonly message: string; readonly param: string | null };
}

function answerOf(status: number, { error, ...told }: RotationAnswer): KeyAnswer {
  if (error !== undefined) {
    const problem = error.message.replace(/\.$/, '');
    return status >= 500
      ? { kind: 'unavailable', problem }
      : { kind: 'invalid', param: error.param ?? '', problem };
  }
  const { key = null, key_preview: preview, previous_key_expires_at: previous = null } = told;
  const body = JSON.stringify({ key, key_preview: preview, previous_key_expires_at: previous });
  return { kind: 'answered', status, body };
}

/** The names in a body; what is no object has none, and the Admin API says what is wrong with it. */
function fieldsOf(body: string): string[] {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? Object.keys(parsed) : [];
  } catch {
    return [];
  }
}
