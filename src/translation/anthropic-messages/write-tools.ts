import type { ServerTool, Tool } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { callInstruction } from '../instructions.ts';
import { asArray, asObject, asString, type JsonTree } from '../json.ts';
import type { ClaudeFamily } from '../models/claude.ts';
import { anthropicToolSchema } from '../schema.ts';
import { fullName } from '../tool-names.ts';
import {
  distinctTools,
  freeformFunction,
  tellSearch,
  tellServerTools,
  toolsOrSeen,
} from '../write-common.ts';
import { cacheControl } from './cache-control.ts';

export interface WrittenTools {
  readonly tools?: readonly JsonTree[];
  readonly tool_choice?: JsonTree | undefined;
}

export interface ToolManner {
  readonly family: ClaudeFamily;
  readonly names: (name: string, namespace?: string) => string;
  /** Sentences to append to the system text. */
  readonly instructions: string[];
}

/** Whether the choice forces a tool, which excludes thinking. */
export function isForced({ tool_choice }: WrittenTools): boolean {
  return tool_choice?.['type'] === 'any' || tool_choice?.['type'] === 'tool';
}

/** Writes `tools` and `tool_choice`. Drops a choice without tools silently. */
export function writeTools(exchange: Exchange, manner: ToolManner): WrittenTools {
  const { conversation, target, losses } = exchange;
  // The API refuses two tools of one name, and the name of its own search is fixed.
  const isTaken = conversation.tools.some(({ name, namespace }) => fullName(name, namespace) === SEARCH);
  const search = conversation.serverTools.filter(
    ({ kind }) => kind === 'web-search' && target.carriage !== 'bedrock' && !isTaken,
  );
  tellServerTools(
    exchange,
    conversation.serverTools.filter((tool) => !search.includes(tool)),
  );
  const defined = distinctTools(conversation.tools, losses);
  const tools = search.length > 0 ? defined : toolsOrSeen(defined, conversation.turns, losses);
  const chosen = narrowed(tools, exchange, manner.family);
  if (chosen.length + search.length === 0) return {};
  return {
    tools: [
      ...chosen.map((tool) => writeTool(tool, exchange, manner)),
      ...search.slice(0, 1).map((tool) => writeSearch(tool, exchange)),
    ],
    tool_choice:
      conversation.tools.length + search.length === 0 ? undefined : writeChoice(exchange, manner, chosen),
  };
}

/** The tools that the choice allows. A model that cannot be forced gets only the tool that it should use. */
function narrowed(tools: readonly Tool[], { conversation }: Exchange, family: ClaudeFamily): readonly Tool[] {
  const choice = conversation.toolChoice;
  if (choice?.kind === 'some') return tools.filter(({ name }) => choice.names.includes(name));
  if (choice?.kind !== 'one' || family.forcedTools) return tools;
  const only = tools.filter(({ name }) => name === choice.name);
  return only.length === 0 ? tools : only;
}

function writeTool(tool: Tool, { losses }: Exchange, { family, names }: ToolManner): JsonTree {
  const name = names(tool.name, tool.namespace);
  if (tool.form === 'freeform') {
    losses.approximated(tool.path, 'a function replaces the freeform tool');
    const { description, schema } = freeformFunction(tool);
    return { name, description, input_schema: schema, ...cacheControl(tool.cache) };
  }
  const { schema, note } = anthropicToolSchema(tool.schema);
  if (note !== undefined) losses.approximated(tool.path, 'the schema moved to the description');
  const isStrict = tool.strict === true && family.strict;
  if (tool.strict === true && !isStrict)
    losses.dropped(`${tool.path}.strict`, 'the model does not support strict tools');
  return {
    name,
    description: note === undefined ? tool.description : (tool.description ?? '') + note,
    input_schema: schema,
    strict: isStrict ? true : undefined,
    ...cacheControl(tool.cache),
  };
}

const SEARCH = 'web_search';

const SEARCH_FIELDS = ['max_uses', 'allowed_domains', 'blocked_domains', 'excludeDomains', 'user_location'];

/** Converts the web search of OpenAI's and Google's APIs to Anthropic's. */
function writeSearch(tool: ServerTool, exchange: Exchange): JsonTree {
  const { definition } = tool;
  tellSearch(tool, exchange, SEARCH_FIELDS);
  const location = asObject(definition['user_location']);
  const place = asObject(location?.['approximate']) ?? location;
  const filters = asObject(definition['filters']) ?? definition;
  const { city, region, country, timezone } = place ?? {};
  const named = { city, region, country, timezone };
  const isNamed = Object.values(named).some((value) => typeof value === 'string');
  return {
    type:
      asString(definition['type'])?.startsWith('web_search_20') === true
        ? definition['type']
        : 'web_search_20250305',
    name: SEARCH,
    max_uses: typeof definition['max_uses'] === 'number' ? definition['max_uses'] : undefined,
    allowed_domains: domains(filters['allowed_domains']),
    blocked_domains: domains(filters['blocked_domains'] ?? definition['excludeDomains']),
    user_location: isNamed ? { type: 'approximate', ...textsOnly(named) } : undefined,
  };
}

function domains(value: unknown): readonly unknown[] | undefined {
  const list = asArray(value);
  return list.length === 0 ? undefined : list;
}

function textsOnly(members: JsonTree): JsonTree {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => typeof value === 'string'));
}

function writeChoice(exchange: Exchange, manner: ToolManner, tools: readonly Tool[]): JsonTree | undefined {
  const isSerial = exchange.conversation.parallelTools?.value === false;
  const choice = choiceTree(exchange, manner, tools) ?? (isSerial ? { type: 'auto' } : undefined);
  if (choice === undefined || !isSerial || choice['type'] === 'none') return choice;
  return { ...choice, disable_parallel_tool_use: true };
}

function choiceTree(exchange: Exchange, manner: ToolManner, tools: readonly Tool[]): JsonTree | undefined {
  const choice = exchange.conversation.toolChoice;
  switch (choice?.kind) {
    case 'auto':
    case 'none':
      return { type: choice.kind };
    case 'required':
      return forced(exchange, manner, { type: 'any', only: tools.length === 1 ? tools[0] : undefined });
    case 'one': {
      const tool = tools.find(({ name }) => name === choice.name);
      return forced(exchange, manner, { type: 'tool', only: tool, name: choice.name });
    }
    case 'some':
      if (!choice.required) return { type: 'auto' };
      return forced(exchange, manner, { type: 'any', only: tools.length === 1 ? tools[0] : undefined });
    case 'server': {
      const isSearch = choice.type.startsWith('web_search') && exchange.target.carriage !== 'bedrock';
      return isSearch ? forced(exchange, manner, { type: 'tool', only: undefined, name: SEARCH }) : undefined;
    }
    case undefined:
      return undefined;
  }
}

interface Force {
  readonly type: 'any' | 'tool';
  readonly only: Tool | undefined;
  readonly name?: string;
}

/** Writes a forced choice. For a model that refuses forced choices, adds a sentence to the system text. */
function forced({ conversation, losses }: Exchange, manner: ToolManner, force: Force): JsonTree {
  const { family, names, instructions } = manner;
  const given = force.name ?? force.only?.name;
  const name = given === undefined ? undefined : names(given, force.only?.namespace);
  if (family.forcedTools) return force.type === 'any' ? { type: 'any' } : { type: 'tool', name };
  losses.approximated(conversation.toolChoice?.path ?? 'tool_choice', 'the model refuses forced tools');
  instructions.push(callInstruction(name));
  return { type: 'auto' };
}
