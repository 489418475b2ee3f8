import type { Media, Part, Reasoning, Seal, Text, ToolCall, ToolResult, Unknown } from '../conversation.ts';
import { openEnvelope } from '../envelope.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import { argumentsText } from '../openai-chat/read-calls.ts';
import { readContent } from './read-parts.ts';

/** Reads a call of a function or a freeform tool. `minted` is its id if it has none. */
export function readCall(item: JsonObject, path: string, minted: string): ToolCall {
  const isFreeform = item['type'] === 'custom_tool_call';
  const given = asString(item['call_id']) ?? asString(item['id']) ?? '';
  return {
    kind: 'call',
    id: given === '' ? minted : given,
    name: asString(item['name']) ?? '',
    arguments: argumentsText(isFreeform ? item['input'] : item['arguments']),
    form: isFreeform ? 'freeform' : 'function',
    namespace: asString(item['namespace']),
    path,
  };
}

/** Reads a call's result. Anything but a string or a list of parts is kept as JSON. @throws InvalidBody */
export function readResult(item: JsonObject, path: string): ToolResult {
  const { output } = item;
  const isContent = Array.isArray(output) || output === null || output === undefined;
  return {
    kind: 'result',
    callId: asString(item['call_id']) ?? '',
    name: asString(item['name']),
    parts: inResult(readContent(isContent ? output : argumentsText(output), `${path}.output`)),
    isError: undefined,
    path,
  };
}

/** The parts that a result can hold. */
export function inResult(parts: readonly Part[]): readonly (Text | Media | Unknown)[] {
  return parts.filter(
    (part): part is Text | Media | Unknown =>
      part.kind !== 'call' && part.kind !== 'result' && part.kind !== 'reasoning',
  );
}

/** Reads a reasoning item: its summary, else its text, and its seal. Returns nothing for an item with neither. */
export function readReasoning(item: JsonObject, path: string): readonly Reasoning[] {
  const text = reasoningText(item);
  const encrypted = asString(item['encrypted_content']) ?? '';
  const envelope = openEnvelope(encrypted);
  if (text === '' && encrypted === '') return [];
  const seal = envelope?.seal ?? openAiSeal(encrypted, asString(item['id']), '');
  return [{ kind: 'reasoning', text, seal, redacted: envelope?.redacted ?? false, path }];
}

/** The texts of an item's summary, or of its content if the summary is empty. */
export function reasoningText(item: JsonObject): string {
  const summary = textsOf(item['summary']);
  return summary === '' ? textsOf(item['content']) : summary;
}

function textsOf(parts: unknown): string {
  return asArray(parts)
    .map((part) => asString(asObject(part)?.['text']) ?? '')
    .filter((text) => text !== '')
    .join('\n\n');
}

/** OpenAI's seal of an item; undefined if it has none. */
export function openAiSeal(payload: string, itemId: string | undefined, provider: string): Seal | undefined {
  return payload === '' ? undefined : { origin: 'openai', provider, payload, itemId };
}
