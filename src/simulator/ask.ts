import { isObject, type Json, type JsonObject, listOf, objectOf, stringOf } from './json.ts';

/** A tool that a request offers. */
export interface OfferedTool {
  readonly name: string;
  /** Its tool namespace, as Codex uses them. */
  readonly namespace: string | undefined;
  readonly schema: Json | undefined;
  /** `freeform` takes a text instead of arguments. */
  readonly form: 'function' | 'freeform';
}

/** The properties of a request, in any API, that determine its answer. */
export interface Ask {
  readonly tools: readonly OfferedTool[];
  /** `any`: some tool must be called. A name: this tool must be called. */
  readonly choice: 'auto' | 'none' | 'any' | { readonly name: string };
  /** The last message of the user. */
  readonly prompt: string;
  /** The number of turns with tool calls so far. */
  readonly rounds: number;
  /** Whether the request ends with tool results. */
  readonly bringsResults: boolean;
}

/** Reads a chat completion request. */
export function chatAsk(body: JsonObject): Ask {
  const turns = listOf(body['messages']).filter(isObject);
  return {
    tools: listOf(body['tools']).filter(isObject).map(chatTool),
    choice: choiceOf(body['tool_choice'], (choice) => objectOf(choice['function'])['name']),
    prompt: textOf(turns.findLast(({ role }) => role === 'user')?.['content']),
    rounds: turns.filter(({ tool_calls: calls }) => listOf(calls).length > 0).length,
    bringsResults: turns.at(-1)?.['role'] === 'tool',
  };
}

function chatTool(tool: JsonObject): OfferedTool {
  const custom = tool['custom'];
  return isObject(custom)
    ? named(custom, undefined, 'freeform')
    : flatTool(objectOf(tool['function'] ?? tool));
}

/** Reads a Responses request. */
export function responsesAsk(body: JsonObject): Ask {
  const input = body['input'];
  const items = listOf(input).filter(isObject);
  const added = items.filter(({ type }) => type === 'additional_tools').flatMap(({ tools }) => listOf(tools));
  const last = items.findLast(({ role, content }) => role === 'user' && content !== undefined);
  return {
    tools: [...listOf(body['tools']), ...added].filter(isObject).flatMap((tool) => responsesTools(tool)),
    choice: choiceOf(body['tool_choice'], ({ name }) => name),
    prompt: typeof input === 'string' ? input : textOf(last?.['content']),
    rounds: items.filter(isResultItem).length,
    bringsResults: isResultItem(items.at(-1)),
  };
}

function isResultItem(item: JsonObject | undefined): boolean {
  return stringOf(item?.['type'])?.endsWith('_call_output') === true;
}

function responsesTools(tool: JsonObject, namespace?: string): readonly OfferedTool[] {
  switch (stringOf(tool['type']) ?? '') {
    case 'function':
      return [flatTool(tool, namespace)];
    case 'custom':
      return [named(tool, namespace, 'freeform')];
    case 'namespace': {
      const inner = listOf(tool['tools']).filter(isObject);
      return inner.flatMap((one) => responsesTools(one, stringOf(tool['name'])));
    }
    default:
      return [];
  }
}

/** Reads a Messages request. */
export function messagesAsk(body: JsonObject): Ask {
  const turns = listOf(body['messages']).filter(isObject);
  return {
    // The provider's own tools have a type instead of a schema.
    tools: listOf(body['tools'])
      .filter(isObject)
      .filter(isClientTool)
      .map((tool) => flatTool(tool)),
    choice: choiceOf(body['tool_choice'], ({ name }) => name),
    prompt: textOf(turns.findLast(({ role }) => role === 'user')?.['content']),
    rounds: turns.filter((turn) => holds(turn['content'], 'tool_use')).length,
    bringsResults: holds(turns.at(-1)?.['content'], 'tool_result'),
  };
}

function isClientTool({ type, input_schema: schema }: JsonObject): boolean {
  return type === undefined || type === 'custom' || schema !== undefined;
}

function holds(content: Json | undefined, type: string): boolean {
  return listOf(content).some((block) => objectOf(block)['type'] === type);
}

/** Reads a Gemini request. */
export function geminiAsk(body: JsonObject): Ask {
  const turns = listOf(body['contents']).filter(isObject);
  const has = (turn: JsonObject | undefined, key: string): boolean =>
    listOf(turn?.['parts']).some((part) => objectOf(part)[key] !== undefined);
  const config = objectOf(objectOf(body['toolConfig'])['functionCallingConfig']);
  const [allowed] = listOf(config['allowedFunctionNames']);
  const mode = stringOf(config['mode'])?.toLowerCase();
  return {
    tools: listOf(body['tools'])
      .flatMap((tool) => listOf(objectOf(tool)['functionDeclarations']))
      .filter(isObject)
      .map((tool) => flatTool(tool)),
    choice:
      mode === 'any' && typeof allowed === 'string' ? { name: allowed } : choiceOf(mode ?? 'auto', () => ''),
    prompt: textOf(turns.findLast((turn) => turn['role'] !== 'model')?.['parts']),
    rounds: turns.filter((turn) => has(turn, 'functionCall')).length,
    bringsResults: has(turns.at(-1), 'functionResponse'),
  };
}

/** Reads a Bedrock Converse request. */
export function converseAsk(body: JsonObject): Ask {
  const turns = listOf(body['messages']).filter(isObject);
  const has = (turn: JsonObject | undefined, key: string): boolean =>
    listOf(turn?.['content']).some((block) => objectOf(block)[key] !== undefined);
  const config = objectOf(body['toolConfig']);
  const choice = objectOf(config['toolChoice']);
  const name = stringOf(objectOf(choice['tool'])['name']);
  const specs = listOf(config['tools'])
    .map((tool) => objectOf(tool)['toolSpec'])
    .filter(isObject);
  return {
    tools: specs.map((spec) => flatTool({ ...spec, parameters: objectOf(spec['inputSchema'])['json'] })),
    choice: name !== undefined ? { name } : choice['any'] !== undefined ? 'any' : 'auto',
    prompt: textOf(turns.findLast(({ role }) => role === 'user')?.['content']),
    rounds: turns.filter((turn) => has(turn, 'toolUse')).length,
    bringsResults: has(turns.at(-1), 'toolResult'),
  };
}

function flatTool(tool: JsonObject, namespace?: string): OfferedTool {
  const schema = tool['parametersJsonSchema'] ?? tool['parameters'] ?? tool['input_schema'];
  return { ...named(tool, namespace, 'function'), schema };
}

function named(tool: JsonObject, namespace: string | undefined, form: OfferedTool['form']): OfferedTool {
  return { name: stringOf(tool['name']) ?? 'lookup', namespace, schema: undefined, form };
}

function choiceOf(choice: Json | undefined, nameIn: (choice: JsonObject) => Json | undefined): Ask['choice'] {
  const kind = isObject(choice) ? choice['type'] : choice;
  if (kind === 'none') return 'none';
  if (kind === 'required' || kind === 'any') return 'any';
  const name = isObject(choice) ? stringOf(nameIn(choice)) : undefined;
  if (name !== undefined) return { name };
  return isObject(choice) && kind !== 'auto' ? 'any' : 'auto';
}

/** The text of a content in any of its shapes. */
function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((part) => stringOf(objectOf(part)['text']) ?? '')
    .join(' ');
}
