import { append } from '../../lib/append.ts';
import type { OnlyField, ServerTool, Tool, ToolChoice } from '../conversation.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import { cacheMark, Fields, objectAt } from '../request-fields.ts';

export interface ReadTools {
  readonly tools: readonly Tool[];
  readonly serverTools: readonly ServerTool[];
  /** Whether the tools come from `functions`, the predecessor of `tools`. */
  readonly legacy: boolean;
  /** Members of the definitions that other APIs lack. */
  readonly only: readonly OnlyField[];
}

/** Reads `tools`, the legacy `functions`, and `web_search_options`. */
export function readTools(fields: Fields): ReadTools {
  const tools: Tool[] = [];
  const serverTools: ServerTool[] = [];
  const only: OnlyField[] = [];
  for (const [index, value] of (fields.list('tools') ?? []).entries()) {
    const path = `tools[${index}]`;
    const definition = objectAt(value, path);
    const inner = asObject(definition['function']);
    const custom = asObject(definition['custom']);
    if (inner !== undefined) tools.push(readFunction(inner, path, { definition, only }));
    else if (custom !== undefined) tools.push(readCustom(custom, path, { definition, only }));
    else serverTools.push({ kind: 'other', type: asString(definition['type']) ?? '', definition, path });
  }
  const functions = fields.list('functions') ?? [];
  functions.forEach((value, index) => {
    const path = `functions[${index}]`;
    tools.push(readFunction(objectAt(value, path), path, { definition: undefined, only }));
  });
  const search = fields.object('web_search_options');
  if (search !== undefined) {
    const type = 'web_search_options';
    serverTools.push({ kind: 'web-search', type, definition: search, path: type });
  }
  return { tools, serverTools, legacy: functions.length > 0, only };
}

/** The entry of `tools` that holds a definition. Legacy functions have none. */
interface Entry {
  readonly definition: JsonObject | undefined;
  readonly only: OnlyField[];
}

/** Members of a definition that are read, or that say nothing. */
const READ = ['type', 'function', 'custom', 'cache_control', 'prompt_cache_breakpoint', 'strict'];

/** Reports the other members of a definition, and of the entry around it. */
function tellRest(fields: Fields, path: string, { definition, only }: Entry): void {
  const outer = new Fields(definition ?? {}, path);
  for (const name of READ) {
    fields.any(name);
    outer.any(name);
  }
  append(only, [...outer.rest(), ...fields.rest()]);
}

function readFunction(inner: JsonObject, path: string, entry: Entry): Tool {
  const outer = entry.definition ?? {};
  const fields = new Fields(inner, entry.definition === undefined ? path : `${path}.function`);
  const tool: Tool = {
    name: fields.string('name') ?? '',
    description: fields.string('description'),
    schema: fields.object('parameters'),
    strict: fields.boolean('strict') ?? (outer['strict'] === true ? true : undefined),
    form: 'function',
    cache: cacheMark(outer) ?? cacheMark(inner),
    path,
  };
  tellRest(fields, path, entry);
  return tool;
}

function readCustom(inner: JsonObject, path: string, entry: Entry): Tool {
  const fields = new Fields(inner, `${path}.custom`);
  const grammar = asObject(fields.object('format')?.['grammar']);
  const definition = asString(grammar?.['definition']);
  const tool: Tool = {
    name: fields.string('name') ?? '',
    description: fields.string('description'),
    schema: undefined,
    strict: undefined,
    form: 'freeform',
    grammar:
      definition === undefined ? undefined : { syntax: asString(grammar?.['syntax']) ?? '', definition },
    cache: cacheMark(entry.definition ?? {}),
    path,
  };
  tellRest(fields, path, entry);
  return tool;
}

/** Reads `tool_choice`, or the legacy `function_call`. */
export function readToolChoice(fields: Fields): ToolChoice | undefined {
  const legacy = fields.any('function_call');
  const given = fields.any('tool_choice');
  if (given === undefined) return legacy === undefined ? undefined : choiceOf(legacy, 'function_call');
  return choiceOf(given, 'tool_choice');
}

function choiceOf(given: unknown, path: string): ToolChoice | undefined {
  if (given === 'auto' || given === 'none' || given === 'required') return { kind: given, path };
  if (given === 'any') return { kind: 'required', path };
  const choice = asObject(given);
  if (choice === undefined) return undefined;
  const allowed = asObject(choice['allowed_tools']);
  if (allowed !== undefined) {
    const names = asArray(allowed['tools'])
      .map(nameIn)
      .filter((name) => name !== undefined);
    return { kind: 'some', names, required: allowed['mode'] === 'required', path };
  }
  const name = nameIn(choice);
  return name === undefined ? undefined : { kind: 'one', name, path };
}

function nameIn(value: unknown): string | undefined {
  const object = asObject(value);
  const inner = asObject(object?.['function']) ?? asObject(object?.['custom']) ?? object;
  return asString(inner?.['name']);
}
