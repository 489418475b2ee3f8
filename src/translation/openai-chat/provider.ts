import type { ProviderSide } from '../sides.ts';
import { readAnswer } from './read-answer.ts';
import { createStreamReader } from './read-stream.ts';
import { writeRequest } from './write-request.ts';

export const openAiChatProvider: ProviderSide = { writeRequest, readAnswer, createStreamReader };
