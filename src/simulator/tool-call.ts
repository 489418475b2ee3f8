import { type Call, idOf } from './call.ts';
import { isObject, type Json, type JsonObject, listOf, objectOf, stringOf } from './json.ts';
import { fitSchema } from './json-schema.ts';

/** A call of a tool: of the first that the request offers, with arguments that fit its schema. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: JsonObject;
}

/**
 * The tool call with which a request is answered; undefined: with text. A tool is called when the request demands
 * it, when the last message of the user says "tool", or when the fault says so.
 */
export function toolCallOf(call: Call, prompt: Json | undefined): ToolCall | undefined {
  const tool = objectOf(listOf(call.body['tools'])[0]);
  const isOffered = Object.keys(tool).length > 0;
  const isForced = call.options.toolShape !== undefined;
  if (!isForced && !(isOffered && isWanted(call.body['tool_choice'], prompt))) return undefined;
  // Three APIs, three places: `function` within the tool, the tool itself, and `input_schema`.
  const definition = isObject(tool['function']) ? tool['function'] : tool;
  const schema = definition['parameters'] ?? definition['input_schema'];
  return {
    id: idOf(call, 'call_'),
    name: stringOf(definition['name']) ?? 'lookup',
    arguments: isOffered ? objectOf(fitSchema(schema, 'required')) : { query: 'mock' },
  };
}

function isWanted(choice: Json | undefined, prompt: Json | undefined): boolean {
  const kind = isObject(choice) ? choice['type'] : choice;
  if (kind === 'none') return false;
  if (kind === 'required' || kind === 'any' || (isObject(choice) && kind !== 'auto')) return true;
  return lastUserText(prompt).toLowerCase().includes('tool');
}

/** What the user said last, in messages or in a plain prompt. */
function lastUserText(prompt: Json | undefined): string {
  if (typeof prompt === 'string') return prompt;
  const last = listOf(prompt)
    .filter(isObject)
    .findLast(({ role }) => role === 'user');
  if (last === undefined) return '';
  const { content } = last;
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((part) => stringOf(objectOf(part)['text']) ?? '')
    .join(' ');
}
