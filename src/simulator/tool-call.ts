import type { Ask, OfferedTool } from './ask.ts';
import { type Call, idOf } from './call.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject, objectOf } from './json.ts';
import { fitSchema } from './json-schema.ts';

/** A tool call. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly arguments: JsonObject;
  /** The text that a stream sends: JSON, unless the tool is `freeform` or a fault has broken it. */
  readonly text: string;
  readonly form: OfferedTool['form'];
}

/** Tools that run commands, by the names that agents use. */
const SHELL =
  /^(?:bash|shell|shell_command|exec|exec_command|run_shell_command|execute_command|run_terminal_command|run_commands)$/i;
const MAX_CALLS = 128;

/**
 * The tool calls that answer a request; empty: a text answers it. A tool is called if the request requires it, if the
 * user's last message says "tool" and no results follow, or if the fault requires it. The tool is the required one;
 * else the one that the user names, as in `CALL read <<{"path":"x"}>>`; else, for an agent, one that runs commands;
 * else the first. The arguments match its schema.
 */
export function toolCallsOf(call: Call, ask: Ask, idPrefix = 'call_'): readonly ToolCall[] {
  const { options } = call;
  if (options.toolShape === undefined && !isWanted(call, ask)) return [];
  const one = { id: idOf(call, idPrefix), ...calledTool(call, ask) };
  const count = Math.min(options.toolShape === 'parallel' ? 2 : Math.max(1, options.calls), MAX_CALLS);
  return Array.from({ length: count }, (_, nth) =>
    nth === 0 ? one : { ...one, id: `${one.id}${suffix(nth)}` },
  );
}

function calledTool(call: Call, ask: Ask): Omit<ToolCall, 'id'> {
  const directive = directiveIn(ask.prompt);
  const tool = chosen(call, ask, directive?.name);
  const args =
    directive !== undefined && directive.name === tool?.name ? directive.arguments : argumentsOf(tool);
  const form = tool?.form ?? 'function';
  const text = form === 'freeform' ? 'echo hi-from-tool' : JSON.stringify(args);
  return {
    name: tool?.name ?? 'lookup',
    namespace: tool?.namespace,
    arguments: args,
    text: call.options.toolShape === 'malformed' ? text.slice(0, Math.max(1, text.length >> 1)) : text,
    form,
  };
}

/** b, c, … and then numbers. */
function suffix(nth: number): string {
  return nth < 26 ? String.fromCharCode(97 + nth) : String(nth);
}

function isWanted({ options }: Call, { tools, choice, prompt, rounds, bringsResults }: Ask): boolean {
  if (tools.length === 0 || choice === 'none') return false;
  if (options.agentRounds !== undefined) return rounds < options.agentRounds;
  return choice !== 'auto' || (!bringsResults && prompt.toLowerCase().includes('tool'));
}

function chosen(
  { options }: Call,
  { tools, choice }: Ask,
  wanted: string | undefined,
): OfferedTool | undefined {
  const name = typeof choice === 'object' ? choice.name : wanted;
  const byName = tools.find((tool) => tool.name === name);
  const shell = options.agentRounds === undefined ? undefined : tools.find((tool) => SHELL.test(tool.name));
  return byName ?? shell ?? tools[0];
}

function argumentsOf(tool: OfferedTool | undefined): JsonObject {
  if (tool === undefined) return { query: 'mock' };
  if (tool.form === 'freeform') return { input: 'echo hi-from-tool' };
  return objectOf(fitSchema(tool.schema, 'required'));
}

/** Reads `CALL name <<json>>` in the user's message. */
function directiveIn(prompt: string): { readonly name: string; readonly arguments: JsonObject } | undefined {
  const match = /CALL ([\w-]{1,128}) <<([^>]*)>>/.exec(prompt);
  if (match === null) return undefined;
  try {
    const value = JSON.parse(match[2] ?? '') as Json;
    return isObject(value) ? { name: match[1] ?? '', arguments: value } : undefined;
  } catch {
    return undefined;
  }
}
