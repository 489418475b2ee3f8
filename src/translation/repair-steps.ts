import { append } from '../lib/append.ts';
import type { Part, ToolCall, ToolResult, Turn } from './conversation.ts';

export const isCall = (part: Part): part is ToolCall => part.kind === 'call';
export const isResult = (part: Part): part is ToolResult => part.kind === 'result';

/**
 * Joins the assistant turns of one step: those whose calls are answered only after the last of them. System turns in
 * between go behind the joined turn.
 */
export function joinedSteps(turns: readonly Turn[]): readonly Turn[] {
  const out: Turn[] = [];
  for (let at = 0; at < turns.length;) {
    const end = endOfStep(turns, at);
    const run = turns.slice(at, end);
    at = end;
    if (run.length === 1) {
      append(out, run);
      continue;
    }
    const answered = idsOf(turns.slice(end, endOfResults(turns, end)), isResult, ({ callId }) => callId);
    for (const id of idsOf(run.slice(-1), isCall, (call) => call.id)) answered.delete(id);
    const isAnswered = (part: Part): boolean => isCall(part) && answered.has(part.id);
    const first = answered.size === 0 ? -1 : run.findIndex(({ parts }) => parts.some(isAnswered));
    if (first === -1) append(out, run);
    else append(out, [...run.slice(0, first), ...oneTurn(run.slice(first))]);
  }
  return out;
}

/** The end of the step that begins with this turn: behind the last assistant turn before any user turn. */
function endOfStep(turns: readonly Turn[], start: number): number {
  if (turns[start]?.role !== 'assistant') return start + 1;
  let end = start + 1;
  for (let at = end; at < turns.length && turns[at]?.role !== 'user'; at++)
    if (turns[at]?.role === 'assistant') end = at + 1;
  return end;
}

function idsOf<P extends Part>(
  turns: readonly Turn[],
  isOne: (part: Part) => part is P,
  idOf: (part: P) => string,
): Set<string> {
  return new Set(turns.flatMap(({ parts }) => parts.filter(isOne).map(idOf)));
}

function oneTurn(run: readonly Turn[]): readonly Turn[] {
  const steps = run.filter(({ role }) => role === 'assistant');
  const joined: Turn = {
    role: 'assistant',
    parts: steps.flatMap(({ parts }) => parts),
    path: run[0]?.path ?? '',
  };
  return [joined, ...run.filter(({ role }) => role === 'system')];
}

/** The end of the run of result turns from `start` on. System turns in between do not end the run. */
export function endOfResults(turns: readonly Turn[], start: number): number {
  let end = start;
  for (let at = start; at < turns.length; at++) {
    const turn = turns[at];
    if (turn?.role === 'system') continue;
    if (turn?.role !== 'user' || !turn.parts.some(isResult)) break;
    end = at + 1;
  }
  return end;
}
