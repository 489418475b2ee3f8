import { type Answer, errorAnswer, wholeAnswer, wholeBody } from '../answer.ts';
import { eachItem, type Fault, fault } from '../fault.ts';
import type { Item } from '../item.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { errorOfStatus, htmlPage } from './status.ts';

/** Status 200 without an answer. */
export const NO_ANSWER_FAULTS: readonly Fault[] = [
  fault({
    name: '200-error',
    summary: 'Status 200 with an error object as its body, streamed or not.',
    params: { code: 500 },
    play: ({ dialect }, { code }) => ({ ...errorAnswer(errorOfStatus(code), dialect), status: 200 }),
  }),
  fault({
    name: '200-no-choices',
    summary: 'Status 200 with `choices: []` (or the API’s equivalent); streams have no content either.',
    params: {},
    play: (answer) => (answer.isStream ? eachItem(answer, withoutContent) : emptied(answer)),
  }),
  fault({
    name: '200-empty',
    summary: 'Status 200 with an empty body; a stream ends without an event.',
    params: {},
    play: (answer) => ({ ...answer, items: [], length: answer.isStream ? undefined : 0 }),
  }),
  fault({
    name: '200-html',
    summary: 'Status 200 with an HTML page.',
    params: {},
    play: ({ dialect }) => wholeAnswer(htmlPage(200, 'Welcome to nginx!'), 'text/html', { dialect }),
  }),
];

/** The fields in which the APIs return their results. */
const LISTS = new Set(['choices', 'output', 'content', 'data', 'candidates', 'embeddings', 'predictions']);

function emptied(answer: Answer): Answer {
  const body = wholeBody(answer);
  if (body === undefined || !answer.headers.some(([, value]) => value === 'application/json')) return answer;
  const json = JSON.parse(Buffer.from(body).toString()) as Json;
  const bytes = Buffer.from(JSON.stringify(isObject(json) ? withEmptyLists(json) : json));
  return { ...answer, items: [{ kind: 'body', bytes }], length: bytes.length };
}

function withEmptyLists(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => {
      // Bedrock's list is deeper: output, message, content.
      if (isObject(value) && (key === 'output' || key === 'message')) return [key, withEmptyLists(value)];
      return [key, LISTS.has(key) ? [] : value];
    }),
  );
}

function withoutContent(item: Item): readonly Item[] {
  if (item.kind !== 'event') return [item];
  if (item.part === 'content') return [];
  if (!item.data.startsWith('{')) return [item];
  const json = JSON.parse(item.data) as JsonObject;
  return [{ ...item, data: JSON.stringify(withEmptyLists(json)) }];
}
