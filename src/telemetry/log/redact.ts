import { isDeepStrictEqual } from 'node:util';
import { maskShapes } from './key-shapes.ts';
import { shown } from './secret-forms.ts';
import { SecretSearch } from './secret-search.ts';

/** Puts what is left of a secret in its place: `sk-ab****cdef`, or `****` where that would tell too much of it. */
export type Mask = (text: string) => string;

/**
 * A mask for these secrets, in each form in which text may hold them, and for everything that looks like a key.
 *
 * @param secrets of 6 characters or more each
 */
export function createMask(secrets: readonly string[]): Mask {
  const search = new SecretSearch(secrets);
  return (text) => {
    let masked = text;
    for (const form of search.formsIn(text)) masked = masked.replaceAll(form.text, () => form.shown);
    return maskShapes(masked);
  };
}

/**
 * A mask that follows the configuration: it is made anew only when the secrets are others. Those of the configuration
 * before are masked as well, since requests that began with it are still under way.
 */
export function maskOf(secrets: () => readonly string[]): Mask {
  let known = secrets();
  let mask = createMask(known);
  return (text) => {
    const current = secrets();
    if (current !== known) {
      if (!isDeepStrictEqual(current, known)) mask = createMask([...new Set([...current, ...known])]);
      known = current;
    }
    return mask(text);
  };
}

/** The value of a header or field that is a secret whatever it looks like; the scheme before it stays. */
export function maskCredential(value: string): string {
  const [, scheme = '', secret = ''] = /^(\s*(?:bearer|basic|token)\s+)?(.*)$/is.exec(value) ?? [];
  return `${scheme}${shown(secret)}`;
}
