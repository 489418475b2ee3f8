import type { Tool } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { callInstruction } from '../instructions.ts';
import type { JsonTree } from '../json.ts';
import { withType } from '../schema.ts';
import { distinctTools, dropped, freeformFunction, tellServerTools, toolsOrSeen } from '../write-common.ts';
import type { CacheMarks } from './cache-marks.ts';
import type { ConverseFamily } from './families.ts';

export interface ToolManner {
  readonly family: ConverseFamily;
  readonly names: (name: string, namespace?: string) => string;
  readonly marks: CacheMarks;
  /** Sentences to append to the system text. */
  readonly instructions: string[];
}

export interface ToolConfig {
  readonly tools: readonly JsonTree[];
  readonly toolChoice?: JsonTree | undefined;
}

/** Whether the choice forces a tool, which excludes thinking. */
export function isForced(config: ToolConfig | 'none' | undefined): boolean {
  const choice = config === 'none' ? undefined : config?.toolChoice;
  return choice !== undefined && !('auto' in choice);
}

/**
 * Writes `toolConfig`; undefined without tools. `none`: the choice was none, which Converse cannot express, so the
 * tools are omitted and the history's calls are written as text.
 */
export function writeToolConfig(exchange: Exchange, manner: ToolManner): ToolConfig | 'none' | undefined {
  const { conversation, losses } = exchange;
  const { toolChoice, parallelTools, turns } = conversation;
  tellServerTools(exchange, conversation.serverTools);
  if (toolChoice?.kind === 'none' && conversation.tools.length > 0) {
    losses.approximated(toolChoice.path, 'the tools are omitted');
    return 'none';
  }
  const defined = distinctTools(conversation.tools, losses).filter((tool) => !isBuiltIn(tool, exchange));
  const all = toolsOrSeen(defined, turns, losses);
  const tools = narrowed(all, exchange, manner.family);
  if (tools.length === 0) return undefined;
  if (parallelTools?.value === false) dropped(losses, parallelTools, 'the API has no such field');
  return {
    tools: tools.flatMap((tool) => [writeTool(tool, exchange, manner), ...manner.marks.behind(tool.cache)]),
    toolChoice: conversation.tools.length === 0 ? undefined : writeChoice(exchange, manner, tools),
  };
}

function isBuiltIn(tool: Tool, { losses }: Exchange): boolean {
  if (tool.builtIn === undefined || tool.schema !== undefined) return false;
  losses.meaning(tool.path, `Converse does not support ${tool.builtIn}`);
  return true;
}

function narrowed(
  tools: readonly Tool[],
  { conversation: { toolChoice } }: Exchange,
  { claude }: ConverseFamily,
): readonly Tool[] {
  if (toolChoice?.kind === 'some') return tools.filter(({ name }) => toolChoice.names.includes(name));
  if (toolChoice?.kind !== 'one' || claude === undefined || claude.forcedTools) return tools;
  const only = tools.filter(({ name }) => name === toolChoice.name);
  return only.length === 0 ? tools : only;
}

function writeTool(tool: Tool, { losses }: Exchange, { family, names }: ToolManner): JsonTree {
  const name = names(tool.name, tool.namespace);
  if (tool.form === 'freeform') {
    losses.approximated(tool.path, 'a function replaces the freeform tool');
    const { description, schema } = freeformFunction(tool);
    return { toolSpec: { name, description: textOrNone(description), inputSchema: { json: schema } } };
  }
  const isStrict = tool.strict === true && family.claude?.strict === true;
  if (tool.strict === true && !isStrict)
    losses.dropped(`${tool.path}.strict`, 'the model does not support strict tools');
  // The API refuses a root of any other type.
  const json = tool.schema === undefined ? { type: 'object', properties: {} } : withType(tool.schema);
  const description = textOrNone(tool.description);
  return { toolSpec: { name, description, inputSchema: { json }, strict: isStrict ? true : undefined } };
}

/** Converse refuses an empty description. */
function textOrNone(text: string | undefined): string | undefined {
  return text?.trim() === '' ? undefined : text;
}

function writeChoice(exchange: Exchange, manner: ToolManner, tools: readonly Tool[]): JsonTree | undefined {
  const choice = exchange.conversation.toolChoice;
  const [only] = tools.length === 1 ? tools : [];
  switch (choice?.kind) {
    case 'auto':
      return { auto: {} };
    case 'required':
      return forced(exchange, manner, { choice: { any: {} }, tool: only });
    case 'one': {
      const tool = tools.find(({ name }) => name === choice.name);
      const name = manner.names(choice.name, tool?.namespace);
      return forced(exchange, manner, { choice: { tool: { name } }, tool });
    }
    case 'some':
      return choice.required ? forced(exchange, manner, { choice: { any: {} }, tool: only }) : { auto: {} };
    case 'none':
    case 'server':
    case undefined:
      return undefined;
  }
}

/** Writes a forced choice. For a model that refuses forced choices, adds a sentence to the system text. */
function forced(
  { conversation, losses }: Exchange,
  { family, names, instructions }: ToolManner,
  { choice, tool }: { readonly choice: JsonTree; readonly tool: Tool | undefined },
): JsonTree {
  if (family.claude === undefined || family.claude.forcedTools) return choice;
  losses.approximated(conversation.toolChoice?.path ?? 'tool_choice', 'the model refuses forced tools');
  instructions.push(callInstruction(tool === undefined ? undefined : names(tool.name, tool.namespace)));
  return { auto: {} };
}
