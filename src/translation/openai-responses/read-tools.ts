import type { ServerTool, Tool, ToolChoice } from '../conversation.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import type { Loss } from '../losses.ts';
import { cacheMark, Fields, objectAt } from '../request-fields.ts';

export interface ReadTools {
  readonly tools: Tool[];
  readonly serverTools: ServerTool[];
  readonly losses: Loss[];
}

/** Adds the tools of a list: the body's, an input item's or a namespace's. @throws InvalidBody */
export function readTools(list: readonly unknown[], path: string, into: ReadTools, namespace?: string): void {
  list.forEach((value, index) => {
    const place = `${path}[${index}]`;
    const definition = objectAt(value, place);
    const type = asString(definition['type']) ?? 'function';
    if (type === 'function')
      into.tools.push(readFunction(definition, place, { namespace, losses: into.losses }));
    else if (type === 'custom')
      into.tools.push(readCustom(definition, place, { namespace, losses: into.losses }));
    else if (type === 'namespace') {
      const name = asString(definition['name']) ?? '';
      if ((asString(definition['description']) ?? '') !== '') into.losses.push(undescribed(place));
      readTools(asArray(definition['tools']), `${place}.tools`, into, name);
    } else {
      const kind = type.startsWith('web_search') ? 'web-search' : 'other';
      into.serverTools.push({ kind, type, definition, path: place });
    }
  });
}

function undescribed(place: string): Loss {
  return {
    path: `${place}.description`,
    what: 'dropped',
    class: 'tuning',
    why: 'the other API has no namespace descriptions',
  };
}

/** The namespace of a definition, and the list for members that other APIs lack. */
interface Around {
  readonly namespace: string | undefined;
  readonly losses: Loss[];
}

/** Reads a function, flat as in this API or nested as in Chat. Clients confuse the two. */
function readFunction(definition: JsonObject, path: string, { namespace, losses }: Around): Tool {
  const nested = asObject(definition['function']);
  const fields = new Fields(nested ?? definition, nested === undefined ? path : `${path}.function`);
  const tool: Tool = {
    name: fields.string('name') ?? '',
    description: fields.string('description'),
    schema: fields.object('parameters'),
    // `strict` is required here, so false means the same as absent elsewhere.
    strict: fields.boolean('strict') === true ? true : undefined,
    form: 'function',
    namespace,
    cache: cacheMark(definition),
    path,
  };
  tellRest(fields, losses);
  return tool;
}

/** Members of a definition that are read, or that concern only how OpenAI shows it to the model. */
const READ = ['type', 'strict', 'cache_control', 'prompt_cache_breakpoint', 'defer_loading'];

/** Reports the other members of a definition. */
function tellRest(fields: Fields, losses: Loss[]): void {
  for (const name of READ) fields.any(name);
  for (const { path: place, why } of fields.rest())
    losses.push({ path: place, what: 'dropped', class: 'tuning', why });
}

function readCustom(definition: JsonObject, path: string, { namespace, losses }: Around): Tool {
  const fields = new Fields(definition, path);
  const format = fields.object('format');
  const grammar = asObject(format?.['grammar']) ?? format;
  const text = asString(grammar?.['definition']);
  const tool: Tool = {
    name: fields.string('name') ?? '',
    description: fields.string('description'),
    schema: undefined,
    strict: undefined,
    form: 'freeform',
    grammar:
      text === undefined ? undefined : { syntax: asString(grammar?.['syntax']) ?? '', definition: text },
    namespace,
    cache: cacheMark(definition),
    path,
  };
  tellRest(fields, losses);
  return tool;
}

const path = 'tool_choice';

/** Reads `tool_choice`. An unknown choice counts as none. */
export function readToolChoice(given: unknown, { tools, serverTools }: ReadTools): ToolChoice | undefined {
  if (given === 'auto' || given === 'none' || given === 'required') return { kind: given, path };
  const choice = asObject(given);
  const type = asString(choice?.['type']);
  if (choice === undefined || type === undefined) return undefined;
  if (type === 'allowed_tools') {
    const allowed = asObject(choice['allowed_tools']) ?? choice;
    const names = asArray(allowed['tools']).flatMap((entry) => namesIn(entry, tools));
    return { kind: 'some', names, required: allowed['mode'] === 'required', path };
  }
  if (type === 'function' || type === 'custom') {
    const name = asString(choice['name']) ?? asString(asObject(choice[type])?.['name']);
    return name === undefined ? undefined : { kind: 'one', name, path };
  }
  return { kind: 'server', type: serverToolType(type, serverTools), path };
}

/** Returns the type of the tool that a choice refers to. Tools have several names for a web search, the choice only one. */
function serverToolType(type: string, serverTools: ReadTools['serverTools']): string {
  if (!type.startsWith('web_search')) return type;
  return serverTools.find(({ kind }) => kind === 'web-search')?.type ?? type;
}

/** The tools that an entry of `allowed_tools` refers to: one, or all of a namespace. */
function namesIn(entry: unknown, tools: readonly Tool[]): readonly string[] {
  const object = asObject(entry);
  const name = asString(object?.['name']);
  if (name === undefined) return [];
  if (object?.['type'] !== 'namespace') return [name];
  return tools.filter(({ namespace }) => namespace === name).map((tool) => tool.name);
}
