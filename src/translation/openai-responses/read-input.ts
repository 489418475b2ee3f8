import { append } from '../../lib/append.ts';
import type { Part, SystemText, Turn } from '../conversation.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import type { Loss } from '../losses.ts';
import { turnList } from '../request-fields.ts';
import { InvalidBody } from '../sides.ts';
import { readBuiltInItem } from './read-built-in-items.ts';
import { readContent } from './read-parts.ts';
import { readCall, readReasoning, readResult } from './read-items.ts';
import { type ReadTools, readTools } from './read-tools.ts';

export interface ReadInput {
  readonly system: readonly SystemText[];
  readonly turns: readonly Turn[];
  readonly losses: readonly Loss[];
}

/**
 * Converts the input to turns. Consecutive assistant items form one turn, and so do consecutive results. Adds tools
 * found among the items to `tools`. `suffix` forms the ids of calls without one. @throws InvalidBody
 */
export function readInput(input: unknown, suffix: string, tools: ReadTools): ReadInput {
  if (input === undefined) return { system: [], turns: [], losses: [] };
  if (typeof input === 'string') {
    const parts: readonly Part[] = [{ kind: 'text', text: input, path: 'input' }];
    return { system: [], turns: [{ role: 'user', parts, path: 'input' }], losses: [] };
  }
  const reader = new ItemReader(suffix, tools);
  for (const [index, item] of turnList(input, 'input').entries()) reader.read(item, `input[${index}]`);
  return reader.result();
}

interface OpenTurn {
  readonly role: Turn['role'];
  readonly kind: 'items' | 'results' | 'message';
  readonly parts: Part[];
  readonly path: string;
}

class ItemReader {
  readonly #suffix: string;
  readonly #tools: ReadTools;
  readonly #turns: OpenTurn[] = [];
  readonly #system: SystemText[] = [];
  readonly #losses: Loss[] = [];
  #calls = 0;

  constructor(suffix: string, tools: ReadTools) {
    this.#suffix = suffix;
    this.#tools = tools;
  }

  result(): ReadInput {
    return { system: this.#system, turns: this.#turns, losses: this.#losses };
  }

  read(item: JsonObject, path: string): void {
    const type = typeOf(item, path);
    switch (type) {
      case 'message':
        this.#message(item, path);
        break;
      case 'reasoning':
        this.#add('assistant', readReasoning(item, path), path);
        break;
      case 'function_call':
      case 'custom_tool_call':
        this.#tellMembers(item, path);
        this.#add('assistant', [readCall(item, path, this.#minted())], path);
        break;
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#tellMembers(item, path);
        this.#add('results', [readResult(item, path)], path);
        break;
      case 'additional_tools':
        readTools(asArray(item['tools']), `${path}.tools`, this.#tools);
        break;
      case 'tool_search_output':
        readTools(asArray(item['tools']), `${path}.tools`, this.#tools);
        this.#lose(path, 'tuning', 'the found tools are listed with the others');
        break;
      default:
        this.#builtIn(item, type, path);
    }
  }

  /** Tells who made a call, if it was a program, and whether the model went on meanwhile. */
  #tellMembers(item: JsonObject, path: string): void {
    const caller = asString(asObject(item['caller'])?.['type']);
    const why = 'the other API has no such field';
    if (caller !== undefined && caller !== 'direct') this.#lose(`${path}.caller`, 'tuning', why);
    if (item['async'] === true) this.#lose(`${path}.async`, 'tuning', why);
  }

  #message(item: JsonObject, path: string): void {
    const parts = readContent(item['content'], `${path}.content`);
    for (const [index, part] of asArray(item['content']).entries()) {
      const detail = asString(asObject(part)?.['detail']) ?? 'auto';
      if (asObject(part)?.['type'] === 'input_file' && detail !== 'auto')
        this.#lose(`${path}.content[${index}].detail`, 'tuning', 'the other API has no detail of files');
    }
    switch (item['role']) {
      case 'system':
      case 'developer':
        this.#systemMessage(parts, path);
        break;
      case 'user':
        this.#turns.push({ role: 'user', kind: 'message', parts: [...parts], path });
        break;
      case 'assistant':
        this.#add('assistant', parts, path);
        break;
      default:
        throw new InvalidBody(`${path}.role`, 'the role is not one of system, developer, user, assistant');
    }
  }

  #systemMessage(parts: readonly Part[], path: string): void {
    if (this.#turns.length > 0 || parts.some(({ kind }) => kind !== 'text')) {
      this.#turns.push({ role: 'system', kind: 'message', parts: [...parts], path });
      return;
    }
    for (const part of parts) {
      if (part.kind === 'text' && part.text.trim() !== '')
        this.#system.push({ text: part.text, cache: part.cache, path: part.path });
    }
  }

  /** Reads items of OpenAI's built-in tools and of its server-side memory. */
  #builtIn(item: JsonObject, type: string, path: string): void {
    const read = readBuiltInItem(item, type, path);
    if (read.kind === 'lost') this.#lose(path, read.class, read.why);
    else this.#add(read.kind, read.parts, path);
    if (read.kind !== 'lost')
      this.#losses.push({ path, what: 'approximated', class: 'tuning', why: `the other API has no ${type}` });
  }

  #add(kind: 'assistant' | 'results', parts: readonly Part[], path: string): void {
    const wanted = kind === 'assistant' ? 'items' : kind;
    const last = this.#turns.at(-1);
    if (last?.kind === wanted) append(last.parts, parts);
    else
      this.#turns.push({ role: kind === 'assistant' ? kind : 'user', kind: wanted, parts: [...parts], path });
  }

  #lose(path: string, lossClass: Loss['class'], why: string): void {
    this.#losses.push({ path, what: 'dropped', class: lossClass, why });
  }

  #minted(): string {
    return `call_${this.#suffix}_${this.#calls++}`;
  }
}

/**
 * The item's type. Without one, an item with a role is a message, and an item with only an id is a reference. @throws
 * InvalidBody
 */
function typeOf(item: JsonObject, path: string): string {
  const type = asString(item['type']);
  if (type !== undefined) return type;
  if (item['role'] !== undefined) return 'message';
  if (typeof item['id'] === 'string') return 'item_reference';
  throw new InvalidBody(`${path}.type`, 'the item has no type');
}
