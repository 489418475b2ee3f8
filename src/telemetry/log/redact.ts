import { redactShapes } from './key-shapes.ts';
import { shown } from './secret-forms.ts';
import { SecretSearch } from './secret-search.ts';

/** Replaces secrets by a preview: `sk-ab****cdef`, or `****` if that would reveal too much. */
export type Redact = (text: string) => string;

/**
 * Redacts these secrets in every form that text may contain, and everything that looks like a key.
 *
 * @param secrets of at least 6 characters each
 */
export function createRedactor(secrets: readonly string[]): Redact {
  const search = new SecretSearch(secrets);
  return (text) => {
    const clues = search.cluesIn(text);
    if (clues === 0) return text;
    let redacted = text;
    for (const form of search.formsIn(text, clues))
      redacted = redacted.replaceAll(form.text, () => form.shown);
    return redactShapes(redacted, clues);
  };
}

/** Redacts nothing. */
export function asItIs(text: string): string {
  return text;
}

/**
 * Returns the redaction of the current configuration's secrets, which is another function only when they change. It
 * also redacts the previous secrets, since requests that started with them may still be running.
 */
export function redactorOf(secrets: () => readonly string[]): () => Redact {
  let known = secrets();
  let redact = createRedactor(known);
  return () => {
    const current = secrets();
    if (current !== known) {
      if (!areEqual(current, known)) redact = createRedactor([...new Set([...current, ...known])]);
      known = current;
    }
    return redact;
  };
}

function areEqual(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, index) => text === others[index]);
}

/** Redacts the value of a header or field that is always secret; a scheme before it stays. */
export function redactCredential(value: string): string {
  const [, scheme = '', secret = ''] = /^(\s*(?:bearer|basic|token)\s+)?(.*)$/is.exec(value) ?? [];
  return `${scheme}${shown(secret)}`;
}
