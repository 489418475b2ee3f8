import type { Tool } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import type { Dialect } from '../models/dialects.ts';
import { isStrictSchema, withProperties } from '../schema.ts';
import { distinctTools, dropped, freeformFunction, tellServerTools } from '../write-common.ts';

type Names = (name: string, namespace?: string) => string;

/** Writes `tools`, `tool_choice` and `parallel_tool_calls`. Drops a choice without tools silently. */
export function writeTools(exchange: Exchange, dialect: Dialect, names: Names): JsonTree {
  const { conversation, losses } = exchange;
  const { toolChoice, parallelTools } = conversation;
  tellServerTools(exchange, conversation.serverTools);
  const kept = distinctTools(conversation.tools, losses).filter((tool) => !isBuiltIn(tool, exchange));
  const chosen =
    toolChoice?.kind === 'some' && !dialect.openAiFields
      ? kept.filter(({ name }) => toolChoice.names.includes(name))
      : kept;
  if (chosen.length === 0) return {};
  const isWritten = dialect.parallelToolCalls;
  return {
    tools: chosen.map((tool) => writeTool(tool, exchange, dialect, names)),
    tool_choice: writeChoice(exchange, dialect, names),
    parallel_tool_calls: isWritten
      ? parallelTools?.value
      : dropped(
          losses,
          parallelTools?.value === false ? parallelTools : undefined,
          'the server has no such field',
        ),
  };
}

function isBuiltIn(tool: Tool, { losses }: Exchange): boolean {
  if (tool.builtIn === undefined || tool.schema !== undefined) return false;
  losses.meaning(tool.path, `only Anthropic's models support ${tool.builtIn}`);
  return true;
}

// oxlint-disable-next-line max-params -- one row of a table, with what all rows share
function writeTool(tool: Tool, { losses }: Exchange, dialect: Dialect, names: Names): JsonTree {
  const name = names(tool.name, tool.namespace);
  if (tool.form === 'freeform') {
    if (dialect.openAiFields)
      return { type: 'custom', custom: { name, description: tool.description, format: format(tool) } };
    losses.approximated(tool.path, 'a function replaces the freeform tool');
    const { description, schema } = freeformFunction(tool);
    return { type: 'function', function: { name, description, parameters: schema } };
  }
  const parameters = tool.schema === undefined ? undefined : withProperties(tool.schema);
  let { strict } = tool;
  if (strict === true && !isStrictSchema(parameters ?? {})) {
    losses.approximated(`${tool.path}.strict`, 'OpenAI does not accept this schema as strict');
    strict = false;
  }
  return { type: 'function', function: { name, description: tool.description, parameters, strict } };
}

function format({ grammar }: Tool): JsonTree | undefined {
  return grammar === undefined ? undefined : { type: 'grammar', grammar: { ...grammar } };
}

function writeChoice({ conversation }: Exchange, dialect: Dialect, names: Names): unknown {
  const choice = conversation.toolChoice;
  switch (choice?.kind) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.kind;
    case 'one':
      return named(choice.name, conversation.tools, dialect, names);
    case 'some': {
      const mode = choice.required ? 'required' : 'auto';
      if (!dialect.openAiFields) return mode;
      const tools = choice.names.map((name) => named(name, conversation.tools, dialect, names));
      return { type: 'allowed_tools', allowed_tools: { mode, tools } };
    }
    case 'server':
    case undefined:
      return undefined;
  }
}

// oxlint-disable-next-line max-params -- one row of a table, with what all rows share
function named(name: string, tools: readonly Tool[], dialect: Dialect, names: Names): JsonTree {
  const tool = tools.find((candidate) => candidate.name === name);
  const written = names(name, tool?.namespace);
  const type = tool?.form === 'freeform' && dialect.openAiFields ? 'custom' : 'function';
  return { type, [type]: { name: written } };
}
