import { asNumber, asObject, parsed } from '../json.ts';
import type { ProviderSide } from '../sides.ts';
import { readAnswer } from './read-answer.ts';
import { createStreamReader } from './read-stream.ts';
import { writeCount, writeRequest } from './write-request.ts';

export const geminiProvider: ProviderSide = {
  writeRequest,
  readAnswer,
  createStreamReader,
  writeCount,
  readCount: (text) => asNumber(asObject(parsed(text))?.['totalTokens']),
};
