import { choicesIn } from '../answer-choices.ts';
import type { AnswerCall, AnswerPart, AnswerReading, Choice, Citation } from '../answer.ts';
import { errorInBody } from '../errors.ts';
import { clientTool, type Exchange } from '../exchange.ts';
import { formOf } from '../freeform-text.ts';
import { unreadable, type HubError } from '../hub-error.ts';
import { mintedCallId } from '../ids.ts';
import { asArray, asNumber, asObject, asString, type JsonObject, parsed } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import { readFinish } from './finish.ts';
import { argumentsText, geminiSeal, thoughtSignature } from './read-calls.ts';
import { readReasoning } from './read-reasoning.ts';
import { usageIn } from './usage.ts';

/** Reads a whole answer of POST /v1/chat/completions. */
export function readAnswer(text: string, exchange: Exchange): AnswerReading {
  const body = asObject(parsed(text));
  if (body === undefined) return failed(unreadable('it is not a JSON object'));
  const error = errorInBody(body);
  if (error !== undefined) return failed(error);
  const choices: Choice[] = [];
  const slices = createSlices(text);
  for (const { at, value } of choicesIn(body['choices'], 'choices', exchange)) {
    const choice = readChoice(value, exchange, { index: at, slices });
    if ('kind' in choice) return failed(choice);
    choices.push(choice);
  }
  if (choices.length === 0) return failed(unreadable('it has no choices'));
  const answer = {
    upstreamId: asString(body['id']),
    model: asString(body['model']),
    choices,
    usage: usageIn(body),
    serviceTier: asString(body['service_tier']),
  };
  return { kind: 'answer', answer };
}

function failed(error: HubError): AnswerReading {
  return { kind: 'failed', error };
}

interface At {
  readonly index: number;
  readonly slices: (key: string) => string | undefined;
}

/** The source texts of arguments that were sent as objects. Scans the body only if there are any. */
function createSlices(text: string): At['slices'] {
  let found: ReadonlyMap<string, string> | undefined;
  return (key) => {
    found ??= sourceSlices(text, ['choices', '*', 'message', 'tool_calls', '*', 'function', 'arguments']);
    return found.get(key);
  };
}

function readChoice(choice: JsonObject, exchange: Exchange, at: At): Choice | HubError {
  const message = asObject(choice['message']) ?? {};
  tellLostParts(message, `choices[${at.index}].message`, exchange);
  const finish = readFinish(choice, exchange);
  if ('kind' in finish) return finish;
  const logprobs = asArray(asObject(choice['logprobs'])?.['content']);
  return {
    parts: [
      ...readReasoning(message, `choices[${at.index}].message`).map(
        ({ text, seal, redacted }): AnswerPart => ({ kind: 'reasoning', text, seal, redacted }),
      ),
      ...readTexts(message),
      ...readCalls(message, exchange, at),
    ],
    finish,
    logprobs: logprobs.length === 0 ? undefined : logprobs,
  };
}

function readTexts(message: JsonObject): readonly AnswerPart[] {
  const refusal = asString(message['refusal']) ?? '';
  const citations = readCitations(message);
  const texts = contentTexts(message['content']).map((part, index): AnswerPart =>
    index === 0 && part.kind === 'text' && citations.length > 0 ? { ...part, citations } : part,
  );
  return refusal === '' ? texts : [...texts, { kind: 'refusal', text: refusal }];
}

/** Reads the content: a string, or Mistral's list of parts. */
export function contentTexts(content: unknown): readonly AnswerPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return asArray(content).flatMap((value): readonly AnswerPart[] => {
    const part = asObject(value);
    if (part?.['type'] === 'thinking') {
      const text = textIn(part['thinking']);
      return text === '' ? [] : [{ kind: 'reasoning', text, redacted: false }];
    }
    const text = asString(part?.['text']) ?? '';
    return text === '' ? [] : [{ kind: 'text', text }];
  });
}

/** Reports what a message or a delta has besides texts and calls: images, audio, and parts of unknown kinds. */
export function tellLostParts(message: JsonObject, path: string, { losses }: Exchange): void {
  if (asArray(message['images']).length > 0) losses.dropped(`${path}.images`, NO_MEDIA);
  if (asObject(message['audio']) !== undefined) losses.dropped(`${path}.audio`, NO_MEDIA);
  if (!Array.isArray(message['content'])) return;
  for (const [index, value] of asArray(message['content']).entries()) {
    const part = asObject(value);
    const type = asString(part?.['type']) ?? 'the part';
    if (type !== 'thinking' && asString(part?.['text']) === undefined)
      losses.dropped(`${path}.content[${index}]`, `${type} has no equivalent`);
  }
}

const NO_MEDIA = 'the other API has no media in answers';

function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  return asArray(value)
    .map((part) => asString(asObject(part)?.['text']) ?? '')
    .join('');
}

/** Reads `annotations` of a message or a delta. */
export function readCitations(message: JsonObject): readonly Citation[] {
  return asArray(message['annotations']).flatMap((value) => {
    const citation = asObject(asObject(value)?.['url_citation']);
    const url = asString(citation?.['url']);
    if (url === undefined) return [];
    const { title, start_index: start, end_index: end } = citation ?? {};
    return [{ url, title: asString(title), start: asNumber(start), end: asNumber(end) }];
  });
}

function readCalls(message: JsonObject, exchange: Exchange, at: At): readonly AnswerCall[] {
  const ids = new Set<string>();
  const calls = asArray(message['tool_calls']).map((value, index) => {
    const given = asObject(value) ?? {};
    // A second call under the id of the first gets an id of its own: the client could not tell their results apart.
    const call = ids.has(asString(given['id']) ?? '') ? { ...given, id: '' } : given;
    ids.add(asString(given['id']) ?? '');
    const inner = asObject(call['function']) ?? {};
    const slice = typeof inner['arguments'] === 'string' ? undefined : at.slices(`${at.index}.${index}`);
    return readCall(call, exchange, {
      index,
      slice,
      path: `choices[${at.index}].message.tool_calls[${index}]`,
    });
  });
  const legacy = asObject(message['function_call']);
  if (legacy === undefined) return calls;
  return [
    ...calls,
    readCall({ function: legacy }, exchange, {
      index: calls.length,
      slice: undefined,
      path: `choices[${at.index}].message.function_call`,
    }),
  ];
}

function readCall(call: JsonObject, exchange: Exchange, { index, slice, path }: CallPlace): AnswerCall {
  const custom = asObject(call['custom']);
  const inner = custom ?? asObject(call['function']) ?? {};
  const tool = clientTool(exchange, asString(inner['name']) ?? '');
  const given = slice ?? argumentsText(custom === undefined ? inner['arguments'] : custom['input']);
  const id = asString(call['id']) ?? '';
  const signature = thoughtSignature(call);
  return {
    kind: 'call',
    id: id === '' ? mintedCallId(exchange.suffix, index) : id,
    name: tool.name,
    namespace: tool.namespace,
    ...formOf(custom === undefined ? tool.form : 'custom', given, { losses: exchange.losses, path }),
    seal: signature === undefined ? undefined : geminiSeal(signature, exchange.target.provider),
    path,
  };
}

interface CallPlace {
  readonly index: number;
  readonly slice: string | undefined;
  readonly path: string;
}
