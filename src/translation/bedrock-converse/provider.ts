import type { ProviderSide } from '../sides.ts';
import { readAnswer } from './read-answer.ts';
import { createStreamReader } from './read-stream.ts';
import { writeRequest } from './write-request.ts';

export const bedrockConverseProvider: ProviderSide = { writeRequest, readAnswer, createStreamReader };
