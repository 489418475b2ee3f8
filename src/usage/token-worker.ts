import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { piecesOf } from './text-pieces.ts';
import type { Answer, Question } from './token-counter.ts';

declare const self: Worker;

const OPTIONS = { disallowedSpecial: new Set<string>() };

self.addEventListener('message', ({ data: { id, text } }: MessageEvent<Question>) => {
  let tokens = 0;
  for (const piece of piecesOf(text)) tokens += countTokens(piece, OPTIONS);
  self.postMessage({ id, tokens } satisfies Answer);
});
