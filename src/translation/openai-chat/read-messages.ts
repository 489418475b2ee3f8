import { append } from '../../lib/append.ts';
import type { Part, SystemText, Text, ToolResult, Turn, Unknown, Media } from '../conversation.ts';
import { mintedCallId } from '../ids.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import type { Loss } from '../losses.ts';
import { cacheMark, turnList } from '../request-fields.ts';
import { InvalidBody } from '../sides.ts';
import { readCalls } from './read-calls.ts';
import { readPart } from './read-parts.ts';
import { readReasoning } from './read-reasoning.ts';

export interface ReadMessages {
  readonly system: readonly SystemText[];
  readonly turns: readonly Turn[];
  readonly losses: readonly Loss[];
}

/** Reads the messages of a Chat request. `suffix` forms the ids of calls without one. @throws InvalidBody */
export function readMessages(value: unknown, suffix: string): ReadMessages {
  const system: SystemText[] = [];
  const turns: Turn[] = [];
  const history = new History(suffix);
  for (const [index, message] of turnList(value, 'messages').entries()) {
    const turn = history.read(message, `messages[${index}]`);
    const isLeading = turn.role === 'system' && turns.length === 0;
    if (!isLeading || turn.parts.some(({ kind }) => kind !== 'text')) turns.push(turn);
    else append(system, systemTexts(turn.parts));
  }
  return { system, turns, losses: history.losses };
}

function systemTexts(parts: readonly Part[]): readonly SystemText[] {
  return parts.flatMap((part) => {
    if (part.kind !== 'text' || part.text.trim() === '') return [];
    return [{ text: part.text, cache: part.cache, path: part.path }];
  });
}

/** State kept across messages: generated ids, and losses. */
class History {
  readonly losses: Loss[] = [];
  readonly #suffix: string;
  /** Ids of legacy function calls without a result so far, by function name. */
  readonly #functionCalls = new Map<string, string[]>();
  #minted = 0;

  constructor(suffix: string) {
    this.#suffix = suffix;
  }

  read(message: JsonObject, path: string): Turn {
    const { role, name } = message;
    if (typeof name === 'string' && role !== 'tool' && role !== 'function') {
      this.losses.push({
        path: `${path}.name`,
        what: 'dropped',
        class: 'tuning',
        why: 'speaker names have no equivalent',
      });
    }
    switch (role) {
      case 'system':
      case 'developer':
        return { role: 'system', parts: contentParts(message, path), path };
      case 'user':
        return { role, parts: contentParts(message, path), path };
      case 'assistant':
        return { role, parts: this.#assistant(message, path), path };
      case 'tool':
      case 'function':
        return { role: 'user', parts: [this.#result(message, path)], path };
      default:
        throw new InvalidBody(
          `${path}.role`,
          'the role is not one of system, developer, user, assistant, tool',
        );
    }
  }

  #assistant(message: JsonObject, path: string): readonly Part[] {
    const refusal = asString(message['refusal']);
    const refused: readonly Text[] =
      refusal === undefined || refusal === ''
        ? []
        : [{ kind: 'text', text: refusal, refusal: true, path: `${path}.refusal` }];
    const calls = readCalls(message, path, (legacyName) => this.#mint(legacyName));
    // Only OpenAI keeps the audio of an earlier answer, of which the message has the id.
    const audio: readonly Unknown[] =
      asObject(message['audio']) === undefined
        ? []
        : [{ kind: 'unknown', type: 'audio', path: `${path}.audio` }];
    return [...readReasoning(message, path), ...contentParts(message, path), ...refused, ...audio, ...calls];
  }

  #result(message: JsonObject, path: string): ToolResult {
    const name = asString(message['name']);
    const callId = asString(message['tool_call_id']) ?? this.#functionCalls.get(name ?? '')?.shift();
    const parts = contentParts(message, path).filter(
      (part): part is Text | Media | Unknown =>
        part.kind !== 'call' && part.kind !== 'result' && part.kind !== 'reasoning',
    );
    return {
      kind: 'result',
      // Without an id, the result answers a call of its name.
      callId: withoutSignature(callId ?? ''),
      name,
      parts,
      isError: undefined,
      path,
      cache: typeof message['content'] === 'string' ? cacheMark(message) : undefined,
    };
  }

  #mint(legacyName: string | undefined): string {
    const id = mintedCallId(this.#suffix, this.#minted++);
    if (legacyName !== undefined) {
      const waiting = this.#functionCalls.get(legacyName);
      if (waiting === undefined) this.#functionCalls.set(legacyName, [id]);
      else waiting.push(id);
    }
    return id;
  }
}

function withoutSignature(id: string): string {
  const mark = id.lastIndexOf('__ts1_');
  return mark === -1 ? id : id.slice(0, mark);
}

/** The content as parts. A string is one part; `null` is none. */
function contentParts(message: JsonObject, path: string): readonly Part[] {
  const { content } = message;
  if (typeof content === 'string') {
    const cache = message['role'] === 'tool' ? undefined : cacheMark(message);
    return content === '' ? [] : [{ kind: 'text', text: content, path: `${path}.content`, cache }];
  }
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content)) throw new InvalidBody(`${path}.content`, 'expected a string or a list');
  return asArray(content).map((part, index) => readPart(part, `${path}.content[${index}]`));
}
