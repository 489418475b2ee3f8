import { isObject, type Json, type JsonObject, listOf, objectOf, stringOf } from './json.ts';

/** A tool that a request offers. */
export interface OfferedTool {
  readonly name: string;
  /** The group of Codex's tools that it belongs to. */
  readonly namespace: string | undefined;
  readonly schema: Json | undefined;
  /** `freeform` takes a text, not arguments. */
  readonly form: 'function' | 'freeform';
}

/** What a request of any API asks for, as far as an answer depends on it. */
export interface Ask {
  readonly tools: readonly OfferedTool[];
  /** `any`: some tool has to be called; else the name of the one that has to be. */
  readonly choice: 'auto' | 'none' | 'any' | { readonly name: string };
  /** What the user said last. */
  readonly prompt: string;
  /** How often tools were called so far. */
  readonly rounds: number;
  /** Whether the request brings results of tools as its last word. */
  readonly bringsResults: boolean;
}

/** What a chat completion is asked for. */
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

/** What a response is asked for. */
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

/** What a message is asked for. */
export function messagesAsk(body: JsonObject): Ask {
  const turns = listOf(body['messages']).filter(isObject);
  return {
    // The provider's own tools have a type and no schema.
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

/** What Gemini is asked for. */
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

/** What Bedrock's Converse is asked for. */
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

/** The texts of a content in any of its shapes. */
function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((part) => stringOf(objectOf(part)['text']) ?? '')
    .join(' ');
}
