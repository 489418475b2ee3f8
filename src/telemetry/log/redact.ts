import { isDeepStrictEqual } from 'node:util';
import { redactShapes } from './key-shapes.ts';
import { shown } from './secret-forms.ts';
import { SecretSearch } from './secret-search.ts';

/** Puts what is left of a secret in its place: `sk-ab****cdef`, or `****` where that would tell too much of it. */
export type Redact = (text: string) => string;

/**
 * A redact for these secrets, in each form in which text may hold them, and for everything that looks like a key.
 *
 * @param secrets of 6 characters or more each
 */
export function createRedactor(secrets: readonly string[]): Redact {
  const search = new SecretSearch(secrets);
  return (text) => {
    let redacted = text;
    for (const form of search.formsIn(text)) redacted = redacted.replaceAll(form.text, () => form.shown);
    return redactShapes(redacted);
  };
}

/**
 * A redact that follows the configuration: it is made anew only when the secrets are others. Those of the configuration
 * before are redacted as well, since requests that began with it are still under way.
 */
export function redactorOf(secrets: () => readonly string[]): Redact {
  let known = secrets();
  let redact = createRedactor(known);
  return (text) => {
    const current = secrets();
    if (current !== known) {
      if (!isDeepStrictEqual(current, known)) redact = createRedactor([...new Set([...current, ...known])]);
      known = current;
    }
    return redact(text);
  };
}

/** The value of a header or field that is a secret whatever it looks like; the scheme before it stays. */
export function redactCredential(value: string): string {
  const [, scheme = '', secret = ''] = /^(\s*(?:bearer|basic|token)\s+)?(.*)$/is.exec(value) ?? [];
  return `${scheme}${shown(secret)}`;
}
