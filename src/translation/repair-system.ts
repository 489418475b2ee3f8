import type { Part, Text, Turn } from './conversation.ts';
import type { LossList } from './losses.ts';

/**
 * What becomes of system turns behind the leading run. `keep`: they stay where they are. `native`: they stay where they follow a user's turn and
 * precede an assistant's or the end, else as `fold`. `user-turn`: a user's turn of its own. `fold`: a marked text at the end of the user's turn
 * before.
 */
export type SystemPlacement = 'keep' | 'native' | 'user-turn' | 'fold';

/** R9: the system turns behind the leading run as the target takes them. None stands between a call and its results any more. */
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
      losses.approximated(`${system.path}.role`, 'the API takes no system message here');
    at = mode === 'user-turn' ? apart(run, out, end) : folded(run, out, turns, end);
  }
  return out;
}

function apart(run: readonly Turn[], out: Turn[], end: number): number {
  for (const system of run) out.push({ ...system, role: 'user', parts: [marked(system)] });
  return end;
}

/** At the end of the user's turn before; behind an assistant's turn at the beginning of the next user's turn. */
function folded(run: readonly Turn[], out: Turn[], turns: readonly Turn[], end: number): number {
  const texts = run.map(marked);
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

function marked(turn: Turn): Text {
  const texts = turn.parts.filter((part: Part) => part.kind === 'text');
  const cache = texts.findLast((part) => part.cache !== undefined)?.cache;
  return {
    kind: 'text',
    text: `<system>\n${texts.map(({ text }) => text).join('\n\n')}\n</system>`,
    path: turn.path,
    cache,
  };
}
