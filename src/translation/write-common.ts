import type { OnlyField, Part, Placed, ServerTool, Tool, ToolCall, Turn, Unknown } from './conversation.ts';
import type { Exchange } from './exchange.ts';
import { asObject, isJsonObjectText, type JsonObject, RawJson, writeJson } from './json.ts';
import type { LossList } from './losses.ts';
import { fullName } from './tool-names.ts';
import { knownMaxOutput } from './models/max-output.ts';

/** The client's output limit, adapted to the target; undefined if the client set none. */
export function outputLimit({ conversation, target, losses }: Exchange): number | undefined {
  const given = conversation.output.maxTokens;
  if (given === undefined) return undefined;
  const most = Math.min(
    target.maxOutputTokens ?? Number.POSITIVE_INFINITY,
    knownMaxOutput(target.model) ?? Number.POSITIVE_INFINITY,
  );
  if (given.value <= most) return given.value;
  losses.approximated(given.path, 'the model has a lower output limit');
  return most;
}

/** Records the losses of top-level fields that only the client's API has, except those that `carries` handles. */
export function tellOnly({ conversation, losses }: Exchange, carries?: (field: OnlyField) => boolean): void {
  for (const field of conversation.only) {
    if (carries?.(field) === true) continue;
    if (field.class === 'meaning') losses.meaning(field.path, field.why);
    else losses.dropped(field.path, field.why);
  }
}

/**
 * The stop sequences that are texts; undefined: there are none. An empty one stops nothing, and white space alone is
 * refused by some APIs.
 */
export function stopTexts(
  { conversation, losses }: Exchange,
  how: { readonly takesSpace: boolean },
): Placed<readonly string[]> | undefined {
  const { stop } = conversation.output;
  if (stop === undefined) return undefined;
  const value = stop.value.filter((text) => (how.takesSpace ? text : text.trim()) !== '');
  if (value.length < stop.value.length)
    dropped(losses, stop, how.takesSpace ? 'a stop sequence is empty' : 'the API refuses white space alone');
  return value.length === 0 ? undefined : { ...stop, value };
}

/** Records a value that the target does not accept as a loss of tuning. Always returns undefined. */
export function dropped(losses: LossList, placed: Placed<unknown> | undefined, why: string): undefined {
  if (placed !== undefined) losses.dropped(placed.path, why);
}

/** Records a value that the target does not accept as a loss of meaning. Always returns undefined. */
export function refused(losses: LossList, placed: Placed<unknown> | undefined, why: string): undefined {
  if (placed !== undefined) losses.meaning(placed.path, why);
}

/**
 * Records the losses of server tools that the target lacks. Losing a tool changes the meaning if the choice names it or
 * if there is no other tool. Records the loss of a choice that names no tool, too.
 */
export function tellServerTools(exchange: Exchange, lost: readonly ServerTool[]): void {
  const { conversation, losses } = exchange;
  const { toolChoice } = conversation;
  for (const tool of lost) {
    const isOption = tool.type === 'web_search_options';
    const isNamed = toolChoice?.kind === 'server' && toolChoice.type === tool.type;
    const isAll = conversation.tools.length === 0 && conversation.serverTools.length === 1;
    const why = `the provider has no ${tool.type}`;
    if (!isOption && (isNamed || isAll)) losses.meaning(tool.path, why);
    else losses.dropped(tool.path, why);
  }
  if (conversation.tools.length > 0) tellChoice(exchange);
}

/** Records the loss of a choice that names no tool of the request. */
function tellChoice({ conversation, losses }: Exchange): void {
  const { toolChoice } = conversation;
  if (toolChoice === undefined) return;
  if (toolChoice.kind === 'server' && !conversation.serverTools.some(({ type }) => type === toolChoice.type))
    losses.dropped(toolChoice.path, 'no tool of the request has this type');
  // Gemini reads a choice of none as one of all, and the other APIs refuse it.
  const chosen =
    toolChoice.kind === 'one' ? [toolChoice.name] : toolChoice.kind === 'some' ? toolChoice.names : undefined;
  if (chosen !== undefined && !conversation.tools.some(({ name }) => chosen.includes(name)))
    losses.meaning(toolChoice.path, 'no tool of the request has this name');
}

/**
 * Records the members of a web search that the target's search lacks. `carried`: those that it has. Members with their
 * default value say nothing.
 */
export function tellSearch(
  { definition, path }: ServerTool,
  { losses }: Exchange,
  carried: readonly string[],
): void {
  const tell = (members: JsonObject, prefix: string): void => {
    for (const [name, value] of Object.entries(members)) {
      if (name === 'filters' || SAYS_NOTHING.has(name) || carried.includes(name)) continue;
      const isDefault = DEFAULTS[name] !== undefined && writeJson(value) === DEFAULTS[name];
      if (value !== null && !isDefault) losses.dropped(`${prefix}.${name}`, 'the search has no such field');
    }
  };
  tell(definition, path);
  tell(asObject(definition['filters']) ?? {}, `${path}.filters`);
}

/** The names of the tool, and a mark for a cache. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['type', 'name', 'cache_control']);

const DEFAULTS: Readonly<Record<string, string>> = {
  search_context_size: '"medium"',
  external_web_access: 'true',
  allowed_callers: '["direct"]',
};

/** The replacement of an unknown part: a text, or nothing with a loss. */
export function insteadOf(part: Unknown, losses: LossList): readonly Part[] {
  const { instead, path, type } = part;
  if (instead !== undefined) {
    if (instead.loss === 'approximated') losses.approximated(path, `a text replaces ${type}`);
    return [{ kind: 'text', text: instead.text, path, cache: part.cache }];
  }
  if (part.dispensable === true) losses.dropped(path, `${type} has no equivalent`);
  else losses.meaning(path, `${type} has no equivalent`);
  return [];
}

/**
 * A call's arguments as a JSON object: verbatim, `{}` if there are none, wrapped if they are not an object. `isObject`:
 * whether they are one, if that is known.
 */
export function argumentsObject(
  call: Pick<ToolCall, 'arguments' | 'form'>,
  path: string,
  losses: LossList,
  isObject?: boolean,
): RawJson {
  if (call.form === 'freeform') return new RawJson(writeJson({ input: call.arguments }));
  if (call.arguments.trim() === '') return new RawJson('{}');
  if (isObject ?? isJsonObjectText(call.arguments)) return new RawJson(call.arguments.trim());
  losses.repaired(path, 'the arguments are not a JSON object');
  return new RawJson(writeJson({ _invalid_arguments: call.arguments }));
}

/** A call's arguments as JSON text, for APIs that take a string. */
export function argumentsText(call: Pick<ToolCall, 'arguments' | 'form'>): string {
  if (call.form === 'freeform') return writeJson({ input: call.arguments });
  return call.arguments === '' ? '{}' : call.arguments;
}

/** A freeform tool as a function with one string parameter. */
export function freeformFunction(tool: Tool): {
  readonly description: string | undefined;
  readonly schema: JsonObject;
} {
  const { grammar, description } = tool;
  const note =
    grammar === undefined
      ? ''
      : `\n\nThe input must match this ${grammar.syntax} grammar:\n${grammar.definition}`;
  return { description: note === '' ? description : (description ?? '') + note, schema: FREEFORM_SCHEMA };
}

const FREEFORM_SCHEMA: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
  additionalProperties: false,
};

/**
 * The tools to define: the client's own. If there are none but the history has calls, one for each name in it, because
 * the target otherwise refuses the history.
 */
export function toolsOrSeen(
  tools: readonly Tool[],
  turns: readonly Turn[],
  losses: LossList,
): readonly Tool[] {
  if (tools.length > 0) return tools;
  const seen = new Map<string, Tool>();
  for (const { parts } of turns) {
    for (const part of parts) {
      if (part.kind !== 'call') continue;
      const { name, namespace } = part;
      const tool = { name, namespace, description: undefined, schema: undefined, strict: undefined };
      seen.set(`${namespace ?? ''} ${name}`, { ...tool, form: 'function', path: 'tools' });
    }
  }
  if (seen.size > 0) losses.repaired('tools', 'the history has calls of tools that are not defined');
  return [...seen.values()];
}

/**
 * Removes tools whose name another tool already has: silently if they are identical, otherwise with a loss of meaning.
 */
export function distinctTools(tools: readonly Tool[], losses: LossList): readonly Tool[] {
  const first = new Map<string, Tool>();
  for (const tool of tools) {
    const key = fullName(tool.name, tool.namespace);
    const other = first.get(key);
    if (other === undefined) first.set(key, tool);
    else if (definitionOf(other) !== definitionOf(tool))
      losses.meaning(tool.path, `two tools are named ${tool.name}`);
  }
  return first.size === tools.length ? tools : [...first.values()];
}

function definitionOf({ description, schema, form, grammar, strict, namespace }: Tool): string {
  return writeJson({ description, schema, form, grammar, strict, namespace });
}
