import type { Operation } from '../../openapi/types.ts';

/** Labels of the credentials that can be entered, by their scheme in the document. */
export const CREDENTIALS = {
  bearer: { label: 'API key', variable: 'LLM_PROXY_KEY' },
  adminKey: { label: 'Admin key', variable: 'ADMIN_KEY' },
  metricsToken: { label: 'Metrics token', variable: 'METRICS_TOKEN' },
} as const;

export type CredentialName = keyof typeof CREDENTIALS;

const listeners = new Map<Element, () => void>();

/** The entered credential. It stays in this tab and is gone when the tab is closed. */
export function credential(name: CredentialName): string {
  return sessionStorage.getItem(storageKey(name)) ?? '';
}

export function setCredential(name: CredentialName, value: string): void {
  if (value === '') sessionStorage.removeItem(storageKey(name));
  else sessionStorage.setItem(storageKey(name), value);
  for (const [owner, listener] of listeners) {
    if (owner.isConnected) listener();
    else listeners.delete(owner);
  }
}

/** Calls the listener on every change while the element is on the page. */
export function onCredentials(owner: Element, listener: () => void): void {
  listeners.set(owner, listener);
}

/** The credential of an operation, and whether it is optional; undefined: it takes none. */
export function credentialFor(
  operation: Operation,
): { readonly name: CredentialName; readonly isNeeded: boolean } | undefined {
  const ways = (operation.security ?? []).map((way) => Object.keys(way));
  const name = ways.flat().find(isCredentialName);
  return name && { name, isNeeded: ways.every((schemes) => schemes.length > 0) };
}

export function isCredentialName(name: string): name is CredentialName {
  return name in CREDENTIALS;
}

function storageKey(name: CredentialName): string {
  return `llm-proxy/${name}`;
}
