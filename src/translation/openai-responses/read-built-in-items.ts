import type { Part } from '../conversation.ts';
import { asArray, asObject, asString, type JsonObject, writeJson } from '../json.ts';
import type { Loss } from '../losses.ts';
import { inResult } from './read-items.ts';
import { readContent } from './read-parts.ts';

/** How to treat an item that only OpenAI's API has: as parts of the assistant's turn, as a result, or as a loss. */
export type BuiltInItem =
  | { readonly kind: 'assistant' | 'results'; readonly parts: readonly Part[] }
  | { readonly kind: 'lost'; readonly class: Loss['class']; readonly why: string };

const KEEPS_NOTHING = 'this gateway does not store responses; send the whole input with store: false';

/** Reads an item of OpenAI's built-in tools or of its server-side memory. @throws InvalidBody */
export function readBuiltInItem(item: JsonObject, type: string, path: string): BuiltInItem {
  switch (type) {
    case 'item_reference':
      return { kind: 'lost', class: 'meaning', why: KEEPS_NOTHING };
    case 'compaction':
    case 'compaction_summary':
    case 'context_compaction':
      return asString(item['encrypted_content']) === undefined
        ? { kind: 'lost', class: 'tuning', why: 'the item is empty' }
        : { kind: 'lost', class: 'meaning', why: 'only OpenAI can read a history that it compacted' };
    case 'web_search_call':
      return searchCall(item, path);
    case 'local_shell_call':
    case 'shell_call':
    case 'computer_call':
    case 'apply_patch_call':
      return { kind: 'assistant', parts: [builtInCall(item, type, path)] };
    case 'local_shell_call_output':
    case 'shell_call_output':
    case 'computer_call_output':
    case 'apply_patch_call_output':
      return { kind: 'results', parts: [builtInResult(item, path)] };
    case 'mcp_call':
      return { kind: 'assistant', parts: [textOf(mcpText(item), path)] };
    default:
      return DISPENSABLE.has(type)
        ? { kind: 'lost', class: 'tuning', why: `the other API has no ${type}` }
        : { kind: 'lost', class: 'meaning', why: `${type} has no equivalent` };
  }
}

/** Items about the server's operation rather than the conversation. */
const DISPENSABLE: ReadonlySet<string> = new Set([
  'configuration_update',
  'compaction_trigger',
  'tool_search_call',
  'file_search_call',
  'code_interpreter_call',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'program',
  'program_output',
]);

function textOf(text: string, path: string): Part {
  return { kind: 'text', text, path };
}

/** Reads a server-side search: the sources that it found, if it lists them. */
function searchCall(item: JsonObject, path: string): BuiltInItem {
  const lines = asArray(asObject(item['action'])?.['sources']).flatMap((value) => {
    const { url, title } = asObject(value) ?? {};
    return typeof url === 'string' ? [`[web search: ${asString(title) ?? ''} – ${url}]`] : [];
  });
  if (lines.length > 0) return { kind: 'assistant', parts: [textOf(lines.join('\n'), path)] };
  return { kind: 'lost', class: 'tuning', why: 'the other API has no web_search_call' };
}

/** Reads a call of a built-in tool that the client runs. It becomes a function call with the action as arguments. */
function builtInCall(item: JsonObject, type: string, path: string): Part {
  const action = item['action'] ?? item['operation'] ?? item['actions'] ?? {};
  return {
    kind: 'call',
    id: asString(item['call_id']) ?? asString(item['id']) ?? '',
    name: type.replace(/_call$/, ''),
    arguments: writeJson(Array.isArray(action) ? { actions: action } : action),
    form: 'function',
    path,
  };
}

function builtInResult(item: JsonObject, path: string): Part {
  const callId = asString(item['call_id']) ?? asString(item['id']) ?? '';
  const { output } = item;
  const screenshot = asObject(output);
  const content = screenshot === undefined ? shellTexts(output) : [screenshot];
  return {
    kind: 'result',
    callId,
    parts: inResult(readContent(content, `${path}.output`)),
    isError: item['status'] === 'failed' ? true : undefined,
    path,
  };
}

/** The output of commands as a list of texts. A string stays as it is. */
function shellTexts(output: unknown): unknown {
  if (!Array.isArray(output)) return typeof output === 'string' ? output : null;
  return output.map((value) => {
    const { stdout, stderr } = asObject(value) ?? {};
    const text = [stdout, stderr].filter((each) => typeof each === 'string' && each !== '').join('\n');
    return { type: 'input_text', text };
  });
}

function mcpText(item: JsonObject): string {
  const name = asString(item['name']) ?? '';
  const result = asString(item['output']) ?? asString(item['error']);
  const called = `[called ${name} with ${asString(item['arguments']) ?? '{}'}]`;
  return result === undefined ? called : `${called}\n[result of ${name}]\n${result}`;
}
