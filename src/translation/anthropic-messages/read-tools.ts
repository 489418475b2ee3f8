import { append } from '../../lib/append.ts';
import type { ServerTool, Tool } from '../conversation.ts';
import { asString, type JsonObject } from '../json.ts';
import type { Loss } from '../losses.ts';
import { cacheMark, Fields, objectAt } from '../request-fields.ts';
import type { ReadMessages } from './read-messages.ts';

export interface ReadTools {
  readonly tools: readonly Tool[];
  readonly serverTools: readonly ServerTool[];
  readonly losses: readonly Loss[];
}

/** The tools that the history mentions. */
type History = Pick<ReadMessages, 'referenced' | 'added'>;

/** Client tools that Anthropic defines. */
const BUILT_IN = /^(?:bash|text_editor|computer|memory|(?:computer|browser)_toolset)_\d+/;

/**
 * The tools that the model sees. A deferred tool is visible only after the history refers to it, unless
 * Anthropic's own tool search would find it. No other API has such a search. Tools that the history defines come last.
 */
export function readTools(definitions: readonly unknown[], history: History): ReadTools {
  const tools: Tool[] = [];
  const serverTools: ServerTool[] = [];
  const losses: Loss[] = [];
  const { referenced, added } = history;
  const given = definitions.map((value, index) => {
    const path = `tools[${index}]`;
    return { definition: objectAt(value, path), path };
  });
  const hasSearch = given.some(
    ({ definition }) => asString(definition['type'])?.startsWith('tool_search_') === true,
  );
  [...given, ...added].forEach(({ definition, path }) => {
    const type = asString(definition['type']);
    if (type?.startsWith('tool_search_') === true) {
      losses.push({ path, what: 'dropped', class: 'tuning', why: 'only Anthropic has tool search' });
      return;
    }
    const isHidden = definition['defer_loading'] === true && !hasSearch;
    if (isHidden && !referenced.has(asString(definition['name']) ?? '')) return;
    const isBuiltIn = type !== undefined && BUILT_IN.test(type);
    if (type === undefined || type === 'custom' || isBuiltIn) {
      tools.push(readTool(definition, path, isBuiltIn ? type : undefined));
      append(losses, restOf(definition, path, isBuiltIn));
    } else {
      const kind = type.startsWith('web_search_') ? 'web-search' : 'other';
      serverTools.push({ kind, type, definition, path });
    }
  });
  return { tools, serverTools, losses };
}

function readTool(definition: JsonObject, path: string, builtIn: string | undefined): Tool {
  const fields = new Fields(definition, path);
  return {
    name: fields.string('name') ?? '',
    description: fields.string('description'),
    schema: fields.object('input_schema'),
    strict: fields.boolean('strict'),
    form: 'function',
    cache: cacheMark(definition),
    builtIn,
    path,
  };
}

const READ = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'strict',
  'cache_control',
  'defer_loading',
]);

/** Losses of the definition's other members. A tool that Anthropic defines has none, because the tool itself is reported. */
function restOf(definition: JsonObject, path: string, isBuiltIn: boolean): readonly Loss[] {
  if (isBuiltIn) return [];
  return Object.keys(definition)
    .filter((key) => !READ.has(key) && definition[key] !== null)
    .map((key) => ({
      path: `${path}.${key}`,
      what: 'dropped',
      class: 'tuning',
      why: 'only Anthropic has this field',
    }));
}
