import { markOf } from '../../lib/json/json-marks.ts';
import { jsonJudge } from '../answer.ts';
import { errorObject } from '../error-body.ts';
import type { Protocol, StreamPosition } from '../protocol.ts';
import { GrammarReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';
import { glanceAtChunk, judgeCandidates, understandChunk } from './candidates.ts';
import { ListReader } from './list-reader.ts';

const text = textUnder('"text"');

/**
 * Google's Gemini API: `generateContent` and `streamGenerateContent`, whose chunks come as events or as elements of
 * one list. Neither has an event for its end, which is the finish reason of a candidate.
 */
export const gemini: Protocol = {
  name: 'gemini',
  judgeAnswer: jsonJudge({ wanted: ['candidates', 'promptFeedback'], judge: judgeCandidates }),
  readStream: () => new GrammarReader(GRAMMAR),
  readList: () => new ListReader(new GrammarReader(GRAMMAR)),
  textOf: text,
  asksForUsage: false,
  errorEvent,
};

const GRAMMAR: StreamGrammar = {
  marks: ['"usageMetadata"', '"finishReason"', '"blockReason"'].map(markOf),
  words: [],
  // They name a text, a call and a file.
  textKeys: ['"text"', '"name"', '"data"'].map(markOf),
  understand: understandChunk,
  glance: glanceAtChunk,
  isEnd: () => false,
  // Not every report repeats the counts of the one before.
  mergesUsage: true,
};

/** The status of a stream that the gateway ends, in Google's words: UNAVAILABLE. */
const BROKEN = 502;

function errorEvent(
  { message, code }: { readonly message: string; readonly code: string },
  at?: StreamPosition,
): string {
  const facts = { status: BROKEN, message, type: 'upstream_error', code, param: null, requestId: '' };
  const json = JSON.stringify(errorObject('gemini', facts));
  if (at?.listed === undefined) return `data: ${json}\r\n\r\n`;
  return `${at.listed === 0 ? '[' : ',\r\n'}${json}`;
}
