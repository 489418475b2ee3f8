import { type Answer, type Usage, wholeBody } from '../answer.ts';
import { eachItem, type Fault, fault } from '../fault.ts';
import type { Item, StreamEvent } from '../item.ts';
import { isObject, type JsonObject } from '../json.ts';
import { openAiUsage } from '../usage.ts';

/** Places the token counts of chat and completion streams where some provider places them, requested or not. */
export const USAGE_FAULTS: readonly Fault[] = [
  usage('usage-own', 'in a separate chunk with `choices: []`', (at) => beforeDone(at, [ownChunk(at)])),
  usage('usage-last', 'in a last chunk that still has a choice', (at) => beforeDone(at, [lastChunk(at)])),
  usage('usage-finish', 'in the chunk with the finish reason', (at) =>
    onFinish(at, { usage: openAiUsage(at.counts) }),
  ),
  fault({
    name: 'usage-absent',
    summary: "Token counts nowhere; of every API but Anthropic's, whole answers too.",
    params: {},
    play: (answer) =>
      answer.dialect === 'openai' && answer.isStream
        ? placed(answer, ({ event }) => [event])
        : withoutUsage(answer),
  }),
  usage('usage-cumulative', 'in every chunk, cumulative', countedSoFar),
  usage('usage-split', 'in a separate chunk, split into two TCP segments 50 ms apart', (at) => {
    const of = ownChunk(at);
    const pause: Item = { kind: 'wait', ms: 50 };
    return beforeDone(at, [
      { kind: 'half', of, which: 'first' },
      pause,
      { kind: 'half', of, which: 'second' },
    ]);
  }),
  usage('usage-x-groq', 'in x_groq.usage of the chunk with the finish reason', (at) =>
    onFinish(at, { x_groq: { id: 'req_mock', usage: openAiUsage(at.counts) } }),
  ),
];

/** A point in a stream from which the counts were removed. */
interface Point {
  readonly event: StreamEvent;
  /** The preceding JSON chunk, as a template for another one. */
  readonly pattern: StreamEvent;
  readonly counts: Usage;
  readonly tokensSoFar: number;
}

type Placing = (at: Point) => readonly Item[];

function usage(name: string, where: string, place: Placing): Fault {
  const summary = `Token counts ${where}; chat and completions streams.`;
  return fault({ name, summary, params: {}, play: (answer) => placed(answer, place) });
}

/**
 * An answer without its JSON API's token counts. Anthropic's counts stay, since the stream starts with them and every
 * client needs them.
 */
function withoutUsage(answer: Answer): Answer {
  if (answer.dialect === 'anthropic' || answer.framing === 'chunk-frames') return answer;
  const body = wholeBody(answer);
  if (body !== undefined && answer.usage !== undefined) {
    const bytes = Buffer.from(stripped(Buffer.from(body).toString()));
    return { ...answer, items: [{ kind: 'body', bytes }], length: bytes.length };
  }
  return eachItem(answer, (item) => {
    if (item.kind !== 'event' || !item.data.startsWith('{')) return [item];
    return item.part === 'usage' ? [] : [{ ...item, data: stripped(item.data) }];
  });
}

function stripped(json: string): string {
  const strip = (object: JsonObject): JsonObject => {
    const { usage: _, usageMetadata: __, response, ...rest } = object;
    return isObject(response) ? { ...rest, response: strip(response) } : rest;
  };
  return JSON.stringify(strip(JSON.parse(json) as JsonObject));
}

/** The stream without its own counts and with those that `place` adds. */
function placed(answer: Answer, place: Placing): Answer {
  const counts = answer.usage;
  if (counts === undefined || answer.dialect !== 'openai') return answer;
  let tokensSoFar = 0;
  let pattern: StreamEvent = { kind: 'event', part: 'usage', name: '', data: '{}' };
  return eachItem(answer, (item) => {
    if (item.kind !== 'event') return [item];
    if (item.part === 'usage') return [];
    if (item.part === 'content') tokensSoFar++;
    const event = item.part === 'done' ? item : edited(item, { usage: undefined });
    if (item.part !== 'done') pattern = event;
    return place({ event, pattern, counts, tokensSoFar });
  });
}

function beforeDone({ event }: Point, added: readonly Item[]): readonly Item[] {
  return event.part === 'done' ? [...added, event] : [event];
}

function onFinish({ event }: Point, patch: JsonObject): readonly Item[] {
  return [event.part === 'finish' ? edited(event, patch) : event];
}

function ownChunk({ pattern, counts }: Point): StreamEvent {
  return { ...edited(pattern, { choices: [], usage: openAiUsage(counts) }), part: 'usage' };
}

function lastChunk({ pattern, counts }: Point): StreamEvent {
  const choices = [{ index: 0, delta: {}, finish_reason: null }];
  return { ...edited(pattern, { choices, usage: openAiUsage(counts) }), part: 'usage' };
}

function countedSoFar({ event, counts, tokensSoFar }: Point): readonly Item[] {
  if (event.part === 'done') return [event];
  const outputTokens =
    event.part === 'finish' ? counts.outputTokens : Math.min(tokensSoFar, counts.outputTokens);
  const reasoningTokens = Math.min(counts.reasoningTokens, outputTokens);
  return [edited(event, { usage: openAiUsage({ ...counts, outputTokens, reasoningTokens }) })];
}

function edited(event: StreamEvent, patch: JsonObject): StreamEvent {
  return { ...event, data: JSON.stringify({ ...(JSON.parse(event.data) as JsonObject), ...patch }) };
}
