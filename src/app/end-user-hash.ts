import { readSecretVariables } from './secret-variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Enough to distinguish a million people, while no name can be found without the key. */
const HEX_DIGITS = 16;

/**
 * The keyed hash for `attribution.end_user: hash`: the first 64 bits of an HMAC-SHA256 with SECRET_KEY, in hex. undefined
 * if the environment has no SECRET_KEY.
 */
export function endUserHash(env: Environment): ((endUser: string) => string) | undefined {
  const read = readSecretVariables(env);
  const key = read.kind === 'read' ? read.env['SECRET_KEY'] : undefined;
  if (!key) return undefined;
  return (endUser) =>
    new Bun.CryptoHasher('sha256', key)
      .update('end-user\0')
      .update(endUser)
      .digest('hex')
      .slice(0, HEX_DIGITS);
}
