import type { Text } from './words.ts';
import { joinText } from './words.ts';

/** The provider whose signature format applies. */
export type Signer = 'anthropic' | 'openai' | 'gemini';

const MARKS: Readonly<Record<Signer, string>> = { anthropic: 'EqMB', openai: 'gAAAAABmock', gemini: 'CqMB' };

/** A signature of thoughts in the provider's format. It contains a checksum of the signed text. */
export function signatureOf(signer: Signer, thoughts: Text | string | undefined): string {
  const text = typeof thoughts === 'string' ? thoughts : thoughts === undefined ? '' : joinText(thoughts);
  const sum = Bun.hash.crc32(text).toString(16).padStart(8, '0');
  return `${MARKS[signer]}${Buffer.from(`mock ${signer} ${sum}`).toString('base64')}`;
}

/** Whether the simulator made this signature, and made it for these thoughts if they are given. */
export function isSignature(signer: Signer, signature: string, thoughts?: string): boolean {
  const mark = MARKS[signer];
  if (thoughts !== undefined) return signature === signatureOf(signer, thoughts);
  if (!signature.startsWith(mark)) return false;
  return Buffer.from(signature.slice(mark.length), 'base64').toString().startsWith(`mock ${signer} `);
}
