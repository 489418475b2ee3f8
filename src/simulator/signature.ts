import type { Text } from './words.ts';
import { joinText } from './words.ts';

/** Whose form a signature has. */
export type Signer = 'anthropic' | 'openai' | 'gemini';

const MARKS: Readonly<Record<Signer, string>> = { anthropic: 'EqMB', openai: 'gAAAAABmock', gemini: 'CqMB' };

/** The signature of thoughts, in the form of each provider; it holds a checksum of what it signs. */
export function signatureOf(signer: Signer, thoughts: Text | string | undefined): string {
  const text = typeof thoughts === 'string' ? thoughts : thoughts === undefined ? '' : joinText(thoughts);
  const sum = Bun.hash.crc32(text).toString(16).padStart(8, '0');
  return `${MARKS[signer]}${Buffer.from(`mock ${signer} ${sum}`).toString('base64')}`;
}

/** Whether the simulator made this signature, for these thoughts where they are given. */
export function isSignature(signer: Signer, signature: string, thoughts?: string): boolean {
  const mark = MARKS[signer];
  if (thoughts !== undefined) return signature === signatureOf(signer, thoughts);
  if (!signature.startsWith(mark)) return false;
  return Buffer.from(signature.slice(mark.length), 'base64').toString().startsWith(`mock ${signer} `);
}
