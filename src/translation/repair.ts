import { append } from '../lib/append.ts';
import type { Part, Text, ToolCall, ToolResult, Turn } from './conversation.ts';
import { endOfResults, isCall, isResult, joinedSteps } from './repair-steps.ts';
import { foldedSystem, type SystemPlacement } from './repair-system.ts';
import { CallIds } from './ids.ts';
import type { JsonTree } from './json.ts';
import type { LossList } from './losses.ts';

/** How a target requires a conversation's turns. */
export interface Arrangement {
  /** Whether to merge consecutive turns of one role. */
  readonly merge: boolean;
  /** When the first turn must be a user turn. Gemini requires one before calls. */
  readonly userFirst: 'always' | 'before-calls' | 'never';
  readonly system: SystemPlacement;
  /**
   * Replaces a part: with nothing, itself, or other parts. Records the losses. The writer handles media and results.
   */
  readonly adapt: (part: Part, turn: Turn) => readonly Part[];
}

/** The text of a user message that has no content. Providers refuse an empty one. */
export const EMPTY_MESSAGE = '(empty message)';

/** The text of a user message that a target requires where the client has none. */
export const CONTINUES = '(conversation continues)';

const NO_RESULT = '[no result: the call was not completed]';

/**
 * Arranges the turns for the target. Each call is followed at once by exactly one result. Results without a call become
 * text. Empty texts and empty turns are removed. Roles are in the required order. A prefill does not end with white
 * space. Results come first in their turn, in the order of the calls. Linear in the number of parts.
 */
export function arranged(turns: readonly Turn[], how: Arrangement, losses: LossList): readonly Turn[] {
  const filled = turns.flatMap((turn) => withoutBlanks(adapted(turn, how), losses));
  const paired = withResults(joinedSteps(filled), losses);
  const placed = foldedSystem(paired, how.system, losses);
  const merged = how.merge ? mergedTurns(placed) : placed;
  return withFirstUser(withoutTrailingSpace(merged), how, losses);
}

function adapted(turn: Turn, how: Arrangement): Turn {
  return { ...turn, parts: turn.parts.flatMap((part) => how.adapt(part, turn)) };
}

/** Omits an assistant or system turn without parts. An empty user turn gets a text that says so. */
function withoutBlanks(turn: Turn, losses: LossList): readonly Turn[] {
  const parts = turn.parts.filter((part) => part.kind !== 'text' || part.text.trim() !== '');
  if (parts.length > 0) return [parts.length === turn.parts.length ? turn : { ...turn, parts }];
  if (turn.role !== 'user') return [];
  losses.repaired(turn.path, 'the message is empty');
  return [{ ...turn, parts: [{ kind: 'text', text: EMPTY_MESSAGE, path: turn.path }] }];
}

/** Places after each assistant turn with calls a user turn that begins with all their results. */
function withResults(turns: readonly Turn[], losses: LossList): readonly Turn[] {
  const out: Turn[] = [];
  const ids = new CallIds();
  for (let at = 0; at < turns.length; at++) {
    const turn = turns[at];
    if (turn === undefined) break;
    const calls = turn.role === 'assistant' ? turn.parts.filter(isCall) : [];
    if (calls.length === 0) {
      out.push(withoutOrphans(turn, losses));
      continue;
    }
    const end = endOfResults(turns, at + 1);
    const between = turns.slice(at + 1, end);
    const named = calls.map((call) => renamed(call, ids, losses));
    const results = answered(calls, named, { turns: between, losses });
    out.push(withCalls(turn, named), results);
    append(
      out,
      between.filter(({ role }) => role === 'system'),
    );
    at = end - 1;
  }
  return out;
}

/** The call with an id that no earlier call has. */
function renamed(call: ToolCall, ids: CallIds, losses: LossList): ToolCall {
  const id = ids.unused(call.id);
  if (id === call.id) return call;
  losses.repaired(call.path, 'an earlier call has the same id');
  return { ...call, id };
}

/** The turn with these calls in place of its own, in order. */
function withCalls(turn: Turn, calls: readonly ToolCall[]): Turn {
  let next = 0;
  const parts = turn.parts.map((part) => (isCall(part) ? (calls[next++] ?? part) : part));
  return parts.every((part, index) => part === turn.parts[index]) ? turn : { ...turn, parts };
}

/**
 * The user turn that answers these calls: their results in order, then the remaining parts of the turns. Results name
 * the calls by their given ids, and get those of `named`. Results without an id answer the remaining calls in order.
 */
function answered(
  calls: readonly ToolCall[],
  named: readonly ToolCall[],
  { turns, losses }: { readonly turns: readonly Turn[]; readonly losses: LossList },
): Turn {
  const slots = createSlots(calls);
  const others: Part[] = [];
  const unnamed: ToolResult[] = [];
  for (const turn of turns) {
    if (turn.role !== 'user') continue;
    for (const part of turn.parts) {
      if (!isResult(part)) others.push(part);
      else if (part.callId === '') unnamed.push(part);
      else if (!slots.take(part, losses)) append(others, orphan(part, losses));
    }
  }
  const orphans = unnamed.filter((part) => !slots.takeNext(part, losses));
  const told = orphans.flatMap((part) => orphan(part, losses));
  const results = slots.results.map((result, index) => {
    const call = named[index];
    if (result === undefined) return missing(call, losses);
    return call === undefined || call.id === result.callId ? result : { ...result, callId: call.id };
  });
  return {
    role: 'user',
    parts: [...results, ...told, ...others],
    path: turns[0]?.path ?? calls[0]?.path ?? '',
  };
}

function createSlots(calls: readonly ToolCall[]) {
  const results: (ToolResult | undefined)[] = calls.map(() => undefined);
  const byId = new FreeSlots(results);
  const byName = new FreeSlots(results);
  const inOrder = new FreeSlots(results);
  calls.forEach(({ id, name }, index) => {
    byId.add(id, index);
    byName.add(name, index);
    inOrder.add('', index);
  });
  const joined = new Map<number, ToolResult['parts'][number][]>();
  return {
    results,
    /** Assigns a result to its call. Returns false if there is none. */
    take(result: ToolResult, losses: LossList): boolean {
      const last = byId.last(result.callId);
      if (last === undefined) return false;
      const free = byId.next(result.callId);
      const first = results[last];
      if (free !== undefined) {
        results[free] = result;
      } else if (first !== undefined) {
        losses.repaired(result.path, 'the call already has a result');
        const parts = joined.get(last) ?? [...first.parts];
        append(parts, result.parts);
        joined.set(last, parts);
        results[last] = { ...first, parts };
      }
      return true;
    },
    /** Assigns a result without an id to the first call of its name that has none. */
    takeNext(result: ToolResult, losses: LossList): boolean {
      const at = result.name === undefined ? inOrder.next('') : byName.next(result.name);
      const call = calls[at ?? -1];
      if (at === undefined || call === undefined) return false;
      losses.repaired(result.path, 'the result does not say which call it answers');
      results[at] = { ...result, callId: call.id };
      return true;
    },
  };
}

/** The slots of each key in order. A slot that is taken stays so, so that each is looked at once for each key. */
class FreeSlots {
  readonly #results: readonly (ToolResult | undefined)[];
  readonly #places = new Map<string, { readonly slots: number[]; at: number }>();

  constructor(results: readonly (ToolResult | undefined)[]) {
    this.#results = results;
  }

  add(key: string, slot: number): void {
    const place = this.#places.get(key);
    if (place === undefined) this.#places.set(key, { slots: [slot], at: 0 });
    else place.slots.push(slot);
  }

  last(key: string): number | undefined {
    return this.#places.get(key)?.slots.at(-1);
  }

  /** The first free slot of the key. */
  next(key: string): number | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    while (place.at < place.slots.length && this.#results[place.slots[place.at] ?? -1] !== undefined)
      place.at += 1;
    return place.slots[place.at];
  }
}

function missing(call: ToolCall | undefined, losses: LossList): ToolResult {
  const path = call?.path ?? '';
  losses.repaired(path, 'the call has no result');
  return {
    kind: 'result',
    callId: call?.id ?? '',
    parts: [{ kind: 'text', text: NO_RESULT, path }],
    isError: true,
    made: true,
    path,
  };
}

function withoutOrphans(turn: Turn, losses: LossList): Turn {
  if (!turn.parts.some(isResult)) return turn;
  return { ...turn, parts: turn.parts.flatMap((part) => (isResult(part) ? orphan(part, losses) : [part])) };
}

/** The replacement for a result whose call is not in the preceding turn. */
function orphan(result: ToolResult, losses: LossList): readonly Part[] {
  losses.repaired(result.path, 'the call of this result is not in the preceding turn');
  const texts = result.parts.filter((part) => part.kind === 'text').map(({ text }) => text);
  const text = `[result of an earlier tool call ${result.callId || (result.name ?? '')}]\n${texts.join('\n')}`;
  const first: Text = { kind: 'text', text, path: result.path, cache: result.cache };
  return [first, ...result.parts.filter((part) => part.kind !== 'text')];
}

function mergedTurns(turns: readonly Turn[]): readonly Turn[] {
  const out: { role: Turn['role']; parts: Part[]; path: string }[] = [];
  for (const turn of turns) {
    const last = out.at(-1);
    if (last?.role === turn.role) append(last.parts, turn.parts);
    else out.push({ role: turn.role, parts: [...turn.parts], path: turn.path });
  }
  return out.map((turn) => (turn.role === 'user' ? { ...turn, parts: resultsFirst(turn.parts) } : turn));
}

/**
 * Joins written messages of one role that follow each other because a writer left the one between empty. `list` is the
 * member with the blocks.
 */
export function joinedMessages<List extends string>(
  messages: readonly Written<List>[],
  list: List,
): readonly Written<List>[] {
  const out: Written<List>[] = [];
  let joined: JsonTree[] | undefined;
  for (const message of messages) {
    const last = out.at(-1);
    if (message[list].length === 0) continue;
    if (last?.role !== message.role) {
      joined = undefined;
      out.push(message);
      continue;
    }
    if (joined === undefined) {
      joined = [...last[list]];
      out[out.length - 1] = { ...last, [list]: joined };
    }
    append(joined, message[list]);
  }
  return out;
}

type Written<List extends string> = { readonly role: string } & Readonly<Record<List, readonly JsonTree[]>>;

function resultsFirst(parts: readonly Part[]): readonly Part[] {
  const results = parts.filter(isResult);
  return results.length === 0 ? parts : [...results, ...parts.filter((part) => !isResult(part))];
}

/** Removes white space at the end of a prefill, which providers refuse. */
function withoutTrailingSpace(turns: readonly Turn[]): readonly Turn[] {
  const last = turns.at(-1);
  const part = last?.parts.at(-1);
  if (last?.role !== 'assistant' || part?.kind !== 'text' || part.text === part.text.trimEnd()) return turns;
  return [
    ...turns.slice(0, -1),
    { ...last, parts: [...last.parts.slice(0, -1), { ...part, text: part.text.trimEnd() }] },
  ];
}

/** Adds a user turn at the start if the target requires one. */
function withFirstUser(turns: readonly Turn[], how: Arrangement, losses: LossList): readonly Turn[] {
  if (turns[0]?.role === 'user' || !isUserMissing(turns, how)) return turns;
  const path = turns[0]?.path ?? 'messages';
  losses.repaired(path, 'the first message must be a user message');
  return [{ role: 'user', parts: [{ kind: 'text', text: CONTINUES, path }], path }, ...turns];
}

function isUserMissing(turns: readonly Turn[], { userFirst }: Arrangement): boolean {
  if (userFirst !== 'before-calls') return userFirst === 'always';
  return turns[0]?.parts.some(isCall) === true;
}
