import type { ServerTool, Tool } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { asArray, asObject, asString, type JsonTree } from '../json.ts';
import { isStrictSchema, withProperties } from '../schema.ts';
import { distinctTools, tellSearch, tellServerTools } from '../write-common.ts';

type Names = (name: string, namespace?: string) => string;

/** Writes `tools`, `tool_choice` and `parallel_tool_calls`. Drops a choice without tools silently. */
export function writeTools(exchange: Exchange, names: Names): JsonTree {
  const { conversation, losses } = exchange;
  const search = conversation.serverTools.filter(({ kind }) => kind === 'web-search');
  tellServerTools(
    exchange,
    conversation.serverTools.filter((tool) => !search.includes(tool)),
  );
  const kept = distinctTools(conversation.tools, losses).filter((tool) => !isBuiltIn(tool, exchange));
  const tools = [
    ...kept.map((tool) => writeTool(tool, exchange, names)),
    ...search.slice(0, 1).map((tool) => writeSearch(tool, exchange)),
  ];
  if (tools.length === 0) return {};
  return {
    tools,
    tool_choice: writeChoice(exchange, names),
    parallel_tool_calls: conversation.parallelTools?.value,
  };
}

function isBuiltIn(tool: Tool, { losses }: Exchange): boolean {
  if (tool.builtIn === undefined || tool.schema !== undefined) return false;
  losses.meaning(tool.path, `only Anthropic's models support ${tool.builtIn}`);
  return true;
}

function writeTool(tool: Tool, { losses }: Exchange, names: Names): JsonTree {
  const name = names(tool.name, tool.namespace);
  const { description } = tool;
  if (tool.form === 'freeform') {
    const format = tool.grammar === undefined ? undefined : { type: 'grammar', ...tool.grammar };
    return { type: 'custom', name, description, format };
  }
  const parameters = withProperties(tool.schema ?? { type: 'object' });
  const strict = tool.strict === true && isStrictSchema(parameters);
  if (tool.strict === true && !strict)
    losses.approximated(`${tool.path}.strict`, 'OpenAI does not accept this schema as strict');
  return { type: 'function', name, description, parameters, strict };
}

/** Converts any API's web search to OpenAI's. */
function writeSearch(tool: ServerTool, exchange: Exchange): JsonTree {
  const { definition } = tool;
  const location = asObject(definition['user_location']);
  const place = asObject(location?.['approximate']) ?? location;
  const filters = asObject(definition['filters']) ?? definition;
  tellSearch(tool, exchange, ['allowed_domains', 'search_context_size', 'user_location']);
  const domains = asArray(filters['allowed_domains']);
  return {
    type: 'web_search',
    filters: domains.length === 0 ? undefined : { allowed_domains: domains },
    search_context_size: asString(definition['search_context_size']),
    user_location: writePlace(place ?? {}),
  };
}

function writePlace(place: Readonly<Record<string, unknown>>): JsonTree | undefined {
  const named = ['city', 'country', 'region', 'timezone'].filter((key) => typeof place[key] === 'string');
  if (named.length === 0) return undefined;
  return { type: 'approximate', ...Object.fromEntries(named.map((key) => [key, place[key]])) };
}

function writeChoice({ conversation, losses }: Exchange, names: Names): unknown {
  const choice = conversation.toolChoice;
  switch (choice?.kind) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.kind;
    case 'one':
      return named(choice.name, conversation.tools, names);
    case 'some': {
      const tools = choice.names.map((name) => named(name, conversation.tools, names));
      return { type: 'allowed_tools', mode: choice.required ? 'required' : 'auto', tools };
    }
    case 'server': {
      if (!choice.type.startsWith('web_search') && choice.type !== 'googleSearch') return undefined;
      if (conversation.tools.length === 0) return 'required';
      losses.approximated(choice.path, 'the API cannot force a web search among other tools');
      return undefined;
    }
    case undefined:
      return undefined;
  }
}

function named(name: string, tools: readonly Tool[], names: Names): JsonTree {
  const tool = tools.find((candidate) => candidate.name === name);
  const type = tool?.form === 'freeform' ? 'custom' : 'function';
  return { type, name: names(name, tool?.namespace) };
}
