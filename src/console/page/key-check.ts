import { type CredentialName, credential } from './credentials.ts';
import { urlOf } from './reference.ts';

/** Whether the gateway accepts a key. `unknown`: it was not asked, or does not say. */
export type KeyState = 'accepted' | 'refused' | 'unknown';

/** Endpoints that show whether a key is valid. They cost nothing and change nothing. */
const READ_WITH: Readonly<Partial<Record<CredentialName, string>>> = {
  bearer: '/v1/models',
  adminKey: '/admin/v1/config/version',
};

/** Asks the gateway about the key that was typed in. */
export async function checkKey(name: CredentialName): Promise<KeyState> {
  const path = READ_WITH[name];
  const key = credential(name);
  if (path === undefined || key === '') return 'unknown';
  try {
    const response = await fetch(urlOf(path), {
      headers: { authorization: `Bearer ${key}` },
      credentials: 'omit',
    });
    if (response.status === 401 || response.status === 403) return 'refused';
    const known = response.headers.get('x-llm-proxy-key-known');
    if (known !== null) return known === 'true' ? 'accepted' : 'refused';
    return response.ok && name !== 'bearer' ? 'accepted' : 'unknown';
  } catch {
    return 'unknown';
  }
}
