import type { CloudCredential } from '../snapshot.ts';

/** The texts of a credential that nobody may read, in each form in which one may be written. */
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

/** The whole key, also as JSON has it, and each line: a message may hold no more than one. */
function privateKeyForms(pem: string): string[] {
  const lines = pem
    .split(/\r?\n/)
    .filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----'));
  return [pem, JSON.stringify(pem).slice(1, -1), lines.join(''), ...lines];
}

const SHORTEST_LINE = 16;
