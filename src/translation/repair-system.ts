import type { Part, Text, Turn } from './conversation.ts';
import type { LossList } from './losses.ts';

/**
 * How to place system turns after the leading ones. `keep`: leave them in place. `native`: leave them in place if they
 * follow a user turn and precede an assistant turn or the end, otherwise `fold`. `user-turn`: convert to a separate
 * user turn. `fold`: append as marked text to the preceding user turn.
 */
export type SystemPlacement = 'keep' | 'native' | 'user-turn' | 'fold';

/**
 * Adapts the system turns after the leading ones to the target. Afterwards none stands between a call and its results.
 */
export function foldedSystem(
  turns: readonly Turn[],
  mode: SystemPlacement,
  losses: LossList,
): readonly Turn[] {
  if (mode === 'keep' || !turns.some(({ role }) => role === 'system')) return turns;
  const out: Turn[] = [];
  let at = 0;
  while (at < turns.length) {
    const turn = turns[at];
    if (turn === undefined) break;
    if (turn.role !== 'system') {
      out.push(turn);
      at += 1;
      continue;
    }
    let end = at;
    while (turns[end]?.role === 'system') end += 1;
    const run = turns.slice(at, end);
    const next = turns[end];
    if (mode === 'native' && out.at(-1)?.role === 'user' && next?.role !== 'user') {
      out.push({ ...turn, parts: run.flatMap(({ parts }) => parts) });
      at = end;
      continue;
    }
    for (const system of run)
      losses.approximated(`${system.path}.role`, 'the API does not accept a system message here');
    at = mode === 'user-turn' ? apart(run, out, end) : folded(run, out, turns, end);
  }
  return out;
}

function apart(run: readonly Turn[], out: Turn[], end: number): number {
  for (const system of run) out.push({ ...system, role: 'user', parts: marked(system) });
  return end;
}

/** Appends to the preceding user turn. After an assistant turn, prepends to the next user turn. */
function folded(run: readonly Turn[], out: Turn[], turns: readonly Turn[], end: number): number {
  const texts = run.flatMap(marked);
  const before = out.at(-1);
  const next = turns[end];
  if (before?.role === 'user') {
    out[out.length - 1] = { ...before, parts: [...before.parts, ...texts] };
    return end;
  }
  if (next?.role === 'user') {
    out.push({ ...next, parts: [...texts, ...next.parts] });
    return end + 1;
  }
  out.push({ role: 'user', parts: texts, path: run[0]?.path ?? '' });
  return end;
}

/** The texts of the turn in one marked text, and then its media. */
function marked(turn: Turn): readonly Part[] {
  const texts = turn.parts.filter((part: Part) => part.kind === 'text');
  const others = turn.parts.filter(({ kind }) => kind !== 'text');
  if (texts.length === 0) return others;
  const cache = texts.findLast((part) => part.cache !== undefined)?.cache;
  const text: Text = {
    kind: 'text',
    text: `<system>\n${texts.map(({ text }) => text).join('\n\n')}\n</system>`,
    path: turn.path,
    cache,
  };
  return [text, ...others];
}
