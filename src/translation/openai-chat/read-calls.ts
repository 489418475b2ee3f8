import type { Seal, ToolCall } from '../conversation.ts';
import { splitSignature } from '../ids.ts';
import { asArray, asObject, asString, type JsonObject, writeJson } from '../json.ts';
import { objectAt } from '../request-fields.ts';

/**
 * Reads the tool calls of an assistant message. `mint` generates a missing id; for a legacy function call it receives
 * the function's name.
 */
export function readCalls(
  message: JsonObject,
  path: string,
  mint: (legacyName: string | undefined) => string,
): readonly ToolCall[] {
  const calls = asArray(message['tool_calls']).map((value, index) => {
    const place = `${path}.tool_calls[${index}]`;
    return readCall(objectAt(value, place), place, mint);
  });
  const legacy = asObject(message['function_call']);
  if (legacy === undefined) return calls;
  const name = asString(legacy['name']) ?? '';
  const call: ToolCall = {
    kind: 'call',
    id: mint(name),
    name,
    arguments: argumentsText(legacy['arguments']),
    form: 'function',
    path: `${path}.function_call`,
  };
  return [...calls, call];
}

function readCall(call: JsonObject, path: string, mint: (legacyName: undefined) => string): ToolCall {
  const custom = asObject(call['custom']);
  const inner = asObject(call['function']) ?? {};
  const given = splitSignature(asString(call['id']) ?? '');
  const signature = thoughtSignature(call) ?? given.signature;
  return {
    kind: 'call',
    id: given.id === '' ? mint(undefined) : given.id,
    name: asString((custom ?? inner)['name']) ?? '',
    arguments: custom === undefined ? argumentsText(inner['arguments']) : (asString(custom['input']) ?? ''),
    form: custom === undefined ? 'function' : 'freeform',
    seal: signature === undefined ? undefined : geminiSeal(signature),
    path,
  };
}

/** Google's extension in its OpenAI-compatible endpoint. */
export function thoughtSignature(call: JsonObject): string | undefined {
  const signature = asString(asObject(asObject(call['extra_content'])?.['google'])?.['thought_signature']);
  return signature === '' ? undefined : signature;
}

export function geminiSeal(payload: string, provider = ''): Seal {
  return { origin: 'gemini', provider, payload };
}

/** Normalises arguments to a string. Some servers and clients send the object itself. */
export function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : writeJson(value);
}
