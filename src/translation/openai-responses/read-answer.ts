import { append } from '../../lib/append.ts';
import type { AnswerPart, AnswerReading, Citation } from '../answer.ts';
import { clientTool, type Exchange } from '../exchange.ts';
import { formOf } from '../freeform-text.ts';
import { type HubError, unreadable } from '../hub-error.ts';
import { mintedCallId } from '../ids.ts';
import { asArray, asNumber, asObject, asString, type JsonObject, parsed } from '../json.ts';
import { argumentsText } from '../openai-chat/read-calls.ts';
import { readFinish } from './finish.ts';
import { fullLogprobs } from './logprobs.ts';
import { openAiSeal, reasoningText } from './read-items.ts';
import { readUsage } from './usage.ts';

/** Reads a whole answer of POST /v1/responses. */
export function readAnswer(text: string, exchange: Exchange): AnswerReading {
  const body = asObject(parsed(text));
  if (body === undefined) return failed(unreadable('it is not a JSON object'));
  const finish = readFinish(body);
  if ('kind' in finish) return failed(finish);
  if (!Array.isArray(body['output'])) return failed(unreadable('it has no output'));
  const logprobs: unknown[] = [];
  const parts = body['output'].flatMap((value, index) =>
    readItem(asObject(value) ?? {}, exchange, { index, logprobs }),
  );
  const choice = { parts, finish, logprobs: logprobs.length === 0 ? undefined : logprobs };
  const answer = {
    upstreamId: asString(body['id']),
    model: asString(body['model']),
    choices: [choice],
    usage: readUsage(body['usage']),
    serviceTier: asString(body['service_tier']),
  };
  return { kind: 'answer', answer };
}

function failed(error: HubError): AnswerReading {
  return { kind: 'failed', error };
}

interface At {
  readonly index: number;
  /** Collects the log probabilities of the tokens. */
  readonly logprobs: unknown[];
}

function readItem(item: JsonObject, exchange: Exchange, at: At): readonly AnswerPart[] {
  switch (item['type']) {
    case 'message':
      return readContent(item, exchange, at);
    case 'reasoning': {
      const text = reasoningText(item);
      const seal = openAiSeal(
        asString(item['encrypted_content']) ?? '',
        asString(item['id']),
        exchange.target.provider,
      );
      return text === '' && seal === undefined ? [] : [{ kind: 'reasoning', text, seal, redacted: false }];
    }
    case 'function_call':
    case 'custom_tool_call':
      return [readCall(item, exchange, at.index)];
    default:
      exchange.losses.dropped(
        `output[${at.index}]`,
        `${asString(item['type']) ?? 'the item'} has no equivalent`,
      );
      return [];
  }
}

function readContent(item: JsonObject, exchange: Exchange, { index, logprobs }: At): readonly AnswerPart[] {
  return asArray(item['content']).flatMap((value): readonly AnswerPart[] => {
    const part = asObject(value) ?? {};
    if (part['type'] === 'refusal') {
      const refusal = asString(part['refusal']) ?? '';
      return refusal === '' ? [] : [{ kind: 'refusal', text: refusal }];
    }
    const text = asString(part['text']) ?? '';
    if (text === '') return [];
    append(logprobs, fullLogprobs(asArray(part['logprobs'])));
    const citations = asArray(part['annotations']).flatMap(
      (each) => citationOf(asObject(each) ?? {}, `output[${index}].content`, exchange) ?? [],
    );
    return [citations.length === 0 ? { kind: 'text', text } : { kind: 'text', text, citations }];
  });
}

/** Reads a web citation. Citations of files have no equivalent in other APIs, which is recorded. */
export function citationOf(annotation: JsonObject, path: string, { losses }: Exchange): Citation | undefined {
  const url = asString(annotation['url']);
  if (url === undefined) {
    losses.dropped(`${path}.annotations`, 'citations of files have no equivalent');
    return undefined;
  }
  const { title, start_index: start, end_index: end } = annotation;
  return { url, title: asString(title), start: asNumber(start), end: asNumber(end) };
}

function readCall(item: JsonObject, exchange: Exchange, index: number): AnswerPart {
  const isCustom = item['type'] === 'custom_tool_call';
  const path = `output[${index}]`;
  const tool = clientTool(exchange, asString(item['name']) ?? '');
  return {
    kind: 'call',
    id: callId(item, exchange, index),
    name: tool.name,
    namespace: tool.namespace,
    ...formOf(isCustom ? 'custom' : tool.form, argumentsText(isCustom ? item['input'] : item['arguments']), {
      losses: exchange.losses,
      path,
    }),
    path,
  };
}

/** The id that a call's result refers to. Never empty. */
export function callId(item: JsonObject, exchange: Exchange, index: number): string {
  const given = asString(item['call_id']) ?? '';
  const own = given === '' ? (asString(item['id']) ?? '') : given;
  return own === '' ? mintedCallId(exchange.suffix, index) : own;
}
