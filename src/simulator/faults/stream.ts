import { type Answer, errorAnswer, wholeBody } from '../answer.ts';
import { errorEvent } from '../api-error.ts';
import { eachItem, type Fault, fault, withItems } from '../fault.ts';
import type { Item, StreamEvent } from '../item.ts';
import { errorOfStatus } from './status.ts';

/** The beginning of a chunk of 1 KB that is never finished. */
const CHUNK_START: Item = { kind: 'wire', bytes: Buffer.from('400\r\ndata: {"id":"chatcmpl-') };
const CUT_PARAMS = { after: 40, half: 0 } as const;

/** Faults in the middle of an answer. A whole answer is cut after half of its bytes. */
export const STREAM_FAULTS: readonly Fault[] = [
  cut('cut-rst', 'RST after `after` tokens; half=1: in the middle of an event.', { kind: 'reset' }),
  cut('cut-fin', 'FIN after `after` tokens, without the last chunk.', { kind: 'close' }),
  cut('cut-chunk', 'FIN inside an HTTP chunk, after `after` tokens.', CHUNK_START, { kind: 'close' }),
  cut('cut-clean', 'The body ends cleanly after `after` tokens, without a final event.'),
  cut('stall', 'Silence after `after` tokens.', { kind: 'hold' }),
  fault({
    name: 'quiet',
    summary: 'Silence for `seconds` after `after` tokens, then the stream continues.',
    params: { seconds: 10, after: 5 },
    play: (answer, { seconds, after }) => pausedAt(answer, after, seconds * 1000),
  }),
  fault({
    name: 'slow-first',
    summary: 'The first token arrives after `ms`, the head and the role at once.',
    params: { ms: 3000 },
    play: (answer, { ms }) => pausedAt(answer, 0, ms),
  }),
  fault({
    name: 'broken-json',
    summary: 'The JSON of event number `line`, or of a whole answer, is truncated.',
    params: { line: 3 },
    play: (answer, { line }) => brokenJson(answer, line),
  }),
  fault({
    name: 'no-done',
    summary: 'Everything but [DONE], response.completed or message_stop.',
    params: {},
    play: (answer) => eachItem(answer, (item) => (isPart(item, 'done') ? [] : [item])),
  }),
  fault({
    name: 'no-finish',
    summary: 'No finish reason, but [DONE] or its equivalent.',
    params: {},
    play: (answer) => eachItem(answer, (item) => (isPart(item, 'finish') ? [] : [item])),
  }),
  fault({
    name: 'done-open',
    summary: 'The whole stream with its end, but the connection stays open and the body unfinished.',
    params: {},
    play: (answer) => withItems(answer, append(answer.items, { kind: 'hold' })),
  }),
  ...errorFaults(),
];

/** A fault that plays an answer up to a point, then these items, but never its end. */
function cut(name: string, summary: string, ...ending: readonly Item[]): Fault {
  return fault({
    name,
    summary,
    params: CUT_PARAMS,
    play: (answer, { after, half }) => {
      if (answer.isStream)
        return withItems(answer, cutAfter(answer.items, after, { half: half > 0, ending }));
      const body = wholeBody(answer);
      if (body === undefined) return answer;
      const items: readonly Item[] = [{ kind: 'body', bytes: body.subarray(0, body.length >> 1) }, ...ending];
      const isFramed = ending.length > 0 && name !== 'cut-chunk';
      return { ...answer, items, length: isFramed ? answer.length : undefined };
    },
  });
}

/** The items up to this many tokens without their end, then `ending`. */
export function* cutAfter(
  items: Iterable<Item>,
  after: number,
  how: { half: boolean; ending: readonly Item[] },
): Generator<Item> {
  let tokens = 0;
  for (const item of items) {
    const isTooMuch = isPart(item, 'content') && ++tokens > after;
    if (item.kind === 'event' && (isTooMuch || ENDING.has(item.part))) {
      if (how.half) yield { kind: 'half', of: item, which: 'first' };
      yield* how.ending;
      return;
    }
    yield item;
  }
}

/** A cut comes before these parts at the latest, since an answer with its end is not cut. */
const ENDING = new Set<StreamEvent['part']>(['finish', 'usage', 'done']);

function pausedAt(answer: Answer, after: number, ms: number): Answer {
  if (!answer.isStream) return withItems(answer, [{ kind: 'wait', ms }, ...answer.items]);
  let tokens = 0;
  return eachItem(answer, (item) => {
    const isHere = isPart(item, 'content') && tokens++ === after;
    return isHere ? [{ kind: 'wait', ms }, item] : [item];
  });
}

function brokenJson(answer: Answer, line: number): Answer {
  const body = wholeBody(answer);
  if (body !== undefined) {
    const bytes = body.subarray(0, body.length >> 1);
    return { ...answer, items: [{ kind: 'body', bytes }], length: bytes.length };
  }
  let events = 0;
  return eachItem(answer, (item) => {
    if (item.kind !== 'event' || ++events !== line) return [item];
    return [{ ...item, data: item.data.slice(0, item.data.length >> 1) }];
  });
}

function* append(items: Iterable<Item>, last: Item): Generator<Item> {
  yield* items;
  yield last;
}

function isPart(item: Item, part: StreamEvent['part']): boolean {
  return item.kind === 'event' && item.part === part;
}

/** Error events, by what precedes them. Without streaming, the error is the answer, with its status. */
function errorFaults(): readonly Fault[] {
  const points: readonly (readonly [
    name: string,
    where: string,
    before: (items: Iterable<Item>, after: number) => Iterable<Item>,
  ])[] = [
    ['error-first', 'as the first event', () => []],
    ['error-after-comments', 'after three comments', () => COMMENTS],
    [
      'error-after-role',
      'after the events that carry no content',
      (items) => cutAfter(items, 0, { half: false, ending: [] }),
    ],
    [
      'error-mid',
      'after `after` tokens',
      (items, after) => cutAfter(items, after, { half: false, ending: [] }),
    ],
  ];
  return points.map(([name, where, before]) =>
    fault({
      name,
      summary: `An error event of status \`code\` ${where}; done=1: [DONE] follows.`,
      params: name === 'error-mid' ? { code: 500, done: 0, after: 10 } : { code: 500, done: 0, after: 0 },
      play: (answer, { code, done, after }) => {
        const error = errorOfStatus(code);
        if (!answer.isStream) return errorAnswer(error, answer.dialect);
        const end: readonly Item[] = done > 0 && answer.framing === 'sse' ? [DONE] : [];
        return withItems(
          answer,
          chain(before(answer.items, after), [errorEvent(error, answer.dialect), ...end]),
        );
      },
    }),
  );
}

const DONE: StreamEvent = { kind: 'event', part: 'done', name: '', data: '[DONE]' };
const COMMENTS: readonly Item[] = Array.from({ length: 3 }, () => ({ kind: 'comment', text: 'PROCESSING' }));

function* chain(...parts: readonly Iterable<Item>[]): Generator<Item> {
  for (const part of parts) yield* part;
}
