import type { AttemptDetail, RequestDetail } from '../../api/types.ts';

export type PhaseName = 'pause' | 'connect' | 'wait' | 'content' | 'body' | 'stream';

/** A part of an attempt, in milliseconds since the request's arrival. */
export interface Phase {
  readonly name: PhaseName;
  readonly from: number;
  readonly to: number;
}

type Timed = Pick<RequestDetail, 'duration_ms' | 'is_streamed'>;

/**
 * The phases of an attempt, in order and without empty ones. `pause` is the time since the attempt before it ended. A
 * stream has `content`, until its first content, and any other reply has a `body`. An attempt whose steps are unknown is
 * one `wait`.
 */
export function phasesOf(
  attempt: AttemptDetail,
  { duration_ms: total, is_streamed: isStreamed }: Timed,
  pausedFrom: number | undefined,
): Phase[] {
  const { start_ms: start, connect_ms: connect, head_ms: head, outcome } = attempt;
  const end = attempt.end_ms ?? total;
  const connected = start + (connect ?? 0);
  const answered = head ?? end;
  const goesOn = outcome === 'answered' && isStreamed;
  const phases: Phase[] = [
    { name: 'pause', from: pausedFrom ?? start, to: start },
    { name: 'connect', from: start, to: connected },
    { name: 'wait', from: connected, to: answered },
    { name: goesOn ? 'content' : 'body', from: answered, to: end },
    { name: 'stream', from: end, to: goesOn ? total : end },
  ];
  return phases.filter(({ name, from, to }) => to - from >= (name === 'pause' ? LEAST_PAUSE_MS : 1));
}

/** The gateway itself needs a moment to choose the next route. */
const LEAST_PAUSE_MS = 5;

/** When an attempt was over for the client: the end of its stream, or of its answer. */
export function endOf(
  attempt: AttemptDetail,
  { duration_ms: total, is_streamed: isStreamed }: Timed,
): number {
  if (attempt.outcome === 'answered' && isStreamed) return Math.max(total, attempt.end_ms ?? 0);
  return attempt.end_ms ?? total;
}
