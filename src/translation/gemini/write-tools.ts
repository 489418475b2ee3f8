import type { ServerTool, Tool } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { asArray, asObject, type JsonTree } from '../json.ts';
import { withType } from '../schema.ts';
import { distinctTools, dropped, freeformFunction, tellSearch, tellServerTools } from '../write-common.ts';

type Names = (name: string, namespace?: string) => string;

/** Writes `tools` and `toolConfig`. Drops a choice without tools silently. */
export function writeTools(exchange: Exchange, names: Names): JsonTree {
  const { conversation, losses } = exchange;
  const { toolChoice, parallelTools } = conversation;
  const kept = distinctTools(conversation.tools, losses).filter((tool) => !isBuiltIn(tool, exchange));
  const chosen =
    toolChoice?.kind === 'some' && !toolChoice.required
      ? kept.filter(({ name }) => toolChoice.names.includes(name))
      : kept;
  const search = conversation.serverTools.find(({ kind }) => kind === 'web-search');
  const takesSearch = search !== undefined && chosen.length === 0;
  tellServerTools(
    exchange,
    conversation.serverTools.filter((tool) => !takesSearch || tool !== search),
  );
  if (chosen.length === 0)
    return takesSearch ? { tools: [{ googleSearch: writeSearch(search, exchange) }] } : {};
  if (parallelTools?.value === false) dropped(losses, parallelTools, 'the API has no such field');
  const config = writeChoice(exchange, chosen, names);
  return {
    tools: [{ functionDeclarations: chosen.map((tool) => writeTool(tool, exchange, names)) }],
    toolConfig: config === undefined ? undefined : { functionCallingConfig: config },
  };
}

/** The settings of Google's search, of which only Vertex AI has any. */
function writeSearch(tool: ServerTool, exchange: Exchange): JsonTree {
  const { definition } = tool;
  const isVertex = exchange.target.carriage === 'vertex';
  tellSearch(tool, exchange, isVertex ? ['blocked_domains'] : []);
  const filters = asObject(definition['filters']) ?? definition;
  const excludeDomains = isVertex ? asArray(filters['blocked_domains']) : [];
  return excludeDomains.length === 0 ? {} : { excludeDomains };
}

/** Whether the request gets Google's search, which no function may stand beside. */
export function searches({ conversation: { tools, serverTools } }: Exchange): boolean {
  return tools.length === 0 && serverTools.some(({ kind }) => kind === 'web-search');
}

function isBuiltIn(tool: Tool, { losses }: Exchange): boolean {
  if (tool.builtIn === undefined || tool.schema !== undefined) return false;
  losses.meaning(tool.path, `only Anthropic's models support ${tool.builtIn}`);
  return true;
}

/**
 * Writes the schema unchanged but for a missing type: `parametersJsonSchema` accepts full JSON Schema, unlike
 * `parameters` with its OpenAPI subset.
 */
function writeTool(tool: Tool, { losses }: Exchange, names: Names): JsonTree {
  const name = names(tool.name, tool.namespace);
  if (tool.form === 'freeform') {
    losses.approximated(tool.path, 'a function replaces the freeform tool');
    const { description, schema } = freeformFunction(tool);
    return { name, description: description ?? '', parametersJsonSchema: schema };
  }
  return {
    name,
    description: tool.description ?? '',
    parametersJsonSchema:
      tool.schema === undefined ? { type: 'object', properties: {} } : withType(tool.schema),
  };
}

function writeChoice(
  { conversation: { toolChoice } }: Exchange,
  tools: readonly Tool[],
  names: Names,
): JsonTree | undefined {
  const allowed = (wanted: readonly string[]): readonly string[] =>
    tools.filter(({ name }) => wanted.includes(name)).map(({ name, namespace }) => names(name, namespace));
  const isStrict = tools.some(({ strict }) => strict === true);
  switch (toolChoice?.kind) {
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'one':
      return { mode: 'ANY', allowedFunctionNames: allowed([toolChoice.name]) };
    case 'some':
      if (toolChoice.required) return { mode: 'ANY', allowedFunctionNames: allowed(toolChoice.names) };
      return { mode: isStrict ? 'VALIDATED' : 'AUTO' };
    case 'auto':
      return { mode: isStrict ? 'VALIDATED' : 'AUTO' };
    case 'server':
    case undefined:
      return isStrict ? { mode: 'VALIDATED' } : undefined;
  }
}
