import { readFileSync } from 'node:fs';
import { fidelityMatrix } from './fidelity/matrix.ts';

const BEGIN =
  '<!-- From here on written by "npm run generate", which plays the samples of scripts/reference/fidelity. -->';
const END = '<!-- Until here. -->';

/** `docs/translation.md` as it is, with the fidelity matrix between its two marks written anew. Throws where a mark is missing. */
export async function translationPage(): Promise<string> {
  const page = readFileSync(new URL('../../docs/translation.md', import.meta.url), 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error('docs/translation.md has lost the marks of its fidelity matrix');
  return `${before}${BEGIN}\n\n${await fidelityMatrix()}\n\n${END}${after}`;
}
