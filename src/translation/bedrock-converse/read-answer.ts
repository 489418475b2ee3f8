import type { AnswerPart, AnswerReading, Citation } from '../answer.ts';
import type { Seal } from '../conversation.ts';
import { clientTool, type Exchange } from '../exchange.ts';
import { formOf } from '../freeform-text.ts';
import { unreadable } from '../hub-error.ts';
import { mintedCallId } from '../ids.ts';
import { asArray, asObject, asString, type JsonObject, parsed, writeJson } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import { readFinish } from './finish.ts';
import { usageOf } from './usage.ts';

/** Reads a whole answer of `POST /model/{id}/converse` (`ConverseResponse` of the Bedrock Runtime API). */
export function readAnswer(text: string, exchange: Exchange): AnswerReading {
  const body = asObject(parsed(text));
  if (body === undefined) return { kind: 'failed', error: unreadable('it is not a JSON object') };
  const message = asObject(asObject(body['output'])?.['message']);
  if (message === undefined) return { kind: 'failed', error: unreadable('it has no message') };
  const finish = readFinish(body, exchange);
  if ('kind' in finish) return { kind: 'failed', error: finish };
  const inputs = sourceSlices(text, ['output', 'message', 'content', '*', 'toolUse', 'input']);
  const parts: AnswerPart[] = [];
  let call = 0;
  for (const [index, value] of asArray(message['content']).entries()) {
    const read = readBlock(asObject(value) ?? {}, exchange, {
      index,
      call,
      input: inputs.get(String(index)),
    });
    parts.push(...read);
    if (read.some(({ kind }) => kind === 'call')) call += 1;
  }
  return {
    kind: 'answer',
    answer: {
      upstreamId: undefined,
      model: undefined,
      choices: [{ parts, finish, logprobs: undefined }],
      usage: usageOf(asObject(body['usage'])),
      serviceTier: serviceTierOf(body),
    },
  };
}

interface At {
  readonly index: number;
  /** The number of preceding calls. */
  readonly call: number;
  /** The source text of a tool call's arguments. */
  readonly input: string | undefined;
}

function readBlock(block: JsonObject, exchange: Exchange, at: At): readonly AnswerPart[] {
  if (typeof block['text'] === 'string') {
    return block['text'] === '' ? [] : [{ kind: 'text', text: block['text'] }];
  }
  const toolUse = asObject(block['toolUse']);
  if (toolUse !== undefined && !isServerTool(toolUse)) return [readCall(toolUse, exchange, at)];
  const reasoning = asObject(block['reasoningContent']);
  if (reasoning !== undefined) return [readReasoning(reasoning, exchange)];
  const cited = asObject(block['citationsContent']);
  if (cited !== undefined) {
    const text = asArray(cited['content'])
      .map((value) => asString(asObject(value)?.['text']) ?? '')
      .join('');
    const path = `output.message.content[${at.index}].citationsContent`;
    const citations = asArray(cited['citations']).flatMap(
      (citation) => citationOf(asObject(citation) ?? {}, path, exchange) ?? [],
    );
    if (text === '') return [];
    return [citations.length === 0 ? { kind: 'text', text } : { kind: 'text', text, citations }];
  }
  tellForeign(block, at.index, exchange);
  return [];
}

/** Whether Bedrock itself runs the tool, so that the client must not. */
export function isServerTool(toolUse: JsonObject): boolean {
  return toolUse['type'] === 'server_tool_use';
}

/** Records the loss of a block that the client's API does not have. */
export function tellForeign(block: JsonObject, index: number, { losses }: Exchange): void {
  const kind = Object.keys(block)[0] ?? 'an empty block';
  losses.dropped(`output.message.content[${index}]`, `${kind} has no equivalent`);
}

/** Reads a web citation. Those of documents and search results have no equivalent in other APIs, which is recorded. */
export function citationOf(citation: JsonObject, path: string, { losses }: Exchange): Citation | undefined {
  const url = asString(asObject(asObject(citation['location'])?.['web'])?.['url']);
  if (url !== undefined) return { url, title: asString(citation['title']) };
  losses.dropped(path, 'citations of documents have no equivalent');
  return undefined;
}

function readCall(given: JsonObject, exchange: Exchange, { index, call, input }: At): AnswerPart {
  const tool = clientTool(exchange, asString(given['name']) ?? '');
  const id = asString(given['toolUseId']) ?? '';
  const path = `output.message.content[${index}]`;
  return {
    kind: 'call',
    id: id === '' ? mintedCallId(exchange.suffix, call) : id,
    name: tool.name,
    namespace: tool.namespace,
    ...formOf(tool.form, input ?? writeJson(given['input'] ?? {}), { losses: exchange.losses, path }),
    path,
  };
}

function readReasoning(reasoning: JsonObject, exchange: Exchange): AnswerPart {
  const redacted = asString(reasoning['redactedContent']);
  if (redacted !== undefined) {
    return { kind: 'reasoning', text: '', seal: sealOf(redacted, exchange), redacted: true };
  }
  const { text, signature } = asObject(reasoning['reasoningText']) ?? {};
  return {
    kind: 'reasoning',
    text: asString(text) ?? '',
    seal: sealOf(asString(signature), exchange),
    redacted: false,
  };
}

/** Signatures and redacted content in Converse come from Anthropic. */
export function sealOf(payload: string | undefined, { target }: Exchange): Seal | undefined {
  if (payload === undefined || payload === '') return undefined;
  return { origin: 'anthropic', provider: target.provider, payload };
}

/** The tier by OpenAI's name. Converse uses the same names, except for `reserved`. */
export function serviceTierOf(body: JsonObject): string | undefined {
  return asString(asObject(body['serviceTier'])?.['type']);
}
