import { previewKey } from '../../config/compile/compile-access.ts';

/** A secret as it may appear in text, and its replacement. */
export interface SecretForm {
  readonly text: string;
  readonly shown: string;
}

/** The secret itself, its forms in a URL and in JSON, and its forms within base64. */
export function formsOf(secret: string): SecretForm[] {
  return textsOf(secret).map((text) => ({ text, shown: shown(text) }));
}

/** Only the texts of these forms. */
export function textsOf(secret: string): string[] {
  const encoded = base64Forms(secret);
  if (/^[\w.-]*$/.test(secret)) return [secret, ...encoded];
  const escaped = [encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)];
  return [...new Set([secret, ...escaped, ...encoded])];
}

/**
 * The first 5 and last 4 characters, if they are plain: half of an escape sequence could break the surrounding text.
 */
export function shown(secret: string): string {
  const preview = previewKey(secret);
  return /^[\w.~+/=:*-]*$/.test(preview) ? preview : '****';
}

/** Shorter pieces would match by accident. */
const SHORTEST_BASE64 = 8;

/**
 * In base64, a secret has three forms, depending on its offset in a group. These are the characters that depend on the
 * secret alone, in both alphabets, so `user:secret` is found like the secret itself.
 */
function base64Forms(secret: string): string[] {
  const forms: string[] = [];
  for (const offset of [0, 1, 2]) {
    const bytes = Buffer.from('\0'.repeat(offset) + secret, 'utf8');
    const decided = Math.floor((bytes.length * 4) / 3);
    const form = bytes.toString('base64').slice(offset === 0 ? 0 : offset + 1, decided);
    if (form.length < SHORTEST_BASE64) continue;
    forms.push(form);
    if (/[+/]/.test(form)) forms.push(form.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}
