import type { CloudCredential } from '../snapshot.ts';

/**
 * Returns the secrets of a credential in every form in which they may occur in text, so that they can be redacted.
 */
export function credentialSecrets(credential: CloudCredential | undefined): readonly string[] {
  switch (credential?.kind) {
    case undefined:
      return [];
    case 'token':
      return [credential.token];
    case 'aws':
      return [credential.secretAccessKey, credential.sessionToken ?? '', credential.accessKeyId];
    case 'google':
      return privateKeyForms(credential.privateKey);
  }
}

/** Returns the whole key, its JSON-escaped form, and each line, since a message may contain a single line. */
function privateKeyForms(pem: string): string[] {
  const lines = pem
    .split(/\r?\n/)
    .filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----'));
  return [pem, JSON.stringify(pem).slice(1, -1), lines.join(''), ...lines];
}

const SHORTEST_LINE = 16;
