import { previewKey } from '../../config/compile/compile-access.ts';

/** A secret as text may hold it, and what is shown in its place. */
export interface SecretForm {
  readonly text: string;
  readonly shown: string;
}

/** The secret itself, as it stands in a URL and in JSON, and what it looks like within base64. */
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

/** First 5 and last 4 characters, if they are plain ones: half of an escape sequence could break the text around it. */
export function shown(secret: string): string {
  const preview = previewKey(secret);
  return /^[\w.~+/=:*-]*$/.test(preview) ? preview : '****';
}

/** Shorter pieces would be found where they mean nothing. */
const SHORTEST_BASE64 = 8;

/**
 * In base64 a secret looks different at each of three distances from the beginning of a group. These are the
 * characters that it alone decides, in both alphabets: `user:secret` is found like the secret itself.
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
