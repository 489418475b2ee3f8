import { socketTurn } from '../../lib/socket-turn.ts';

/** For a client that finishes sending together with its request, as only one does that waits for the answer. */
const EARLY_FINISH_MS = 1_000;

/** For a client that finishes later: it has probably gone, and that has to be noticed within 200 ms. */
const LATE_FINISH_MS = 150;

/** A client that finishes this soon after the turn in which its request was read has done so together with it. */
const SOON_MS = 20;

/**
 * How long a client that finishes sending now is believed to wait for its answer.
 *
 * @param turn the turn in which its request was read
 */
export function believedMs(turn: number): number {
  const turns = socketTurn.number - turn;
  const isEarly = turns === 0 || (turns === 1 && performance.now() - socketTurn.endedAtMs < SOON_MS);
  return isEarly ? EARLY_FINISH_MS : LATE_FINISH_MS;
}
