/** Sizes of texts: linear work is four times as long for the large one, quadratic work sixteen times. */
const SHORT = 24;
const SMALL = 4_000;
const LARGE = 16_000;
const TOO_STEEP = 9;

/** Shorter times are neither noticed nor measurable. */
const NOTICED_MS = 3;

/** Longer than a pause of the machine. */
const LONG_MS = 100;

/** Whether the time grows noticeably faster than the text. */
export function isSteep(run: (size: number) => unknown): boolean {
  // Exponential growth would not end on a text of any length.
  if (fastest(() => run(SHORT)) > NOTICED_MS) return true;
  const begin = processorMs();
  run(SMALL);
  // Most are over at once and need no closer look.
  if (processorMs() - begin < NOTICED_MS / TOO_STEEP) return false;
  // A pause of the machine may make one measurement steep, but not several in a row.
  for (let round = 0; round < 4; round++) {
    const large = fastest(() => run(LARGE));
    if (large <= NOTICED_MS || large / fastest(() => run(SMALL)) <= TOO_STEEP) return false;
  }
  return true;
}

/** The processor time of this process, which other work on the machine does not affect. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * The shortest of a few runs, in milliseconds: whatever disturbs a run only makes it longer. One that takes very long is not
 * repeated.
 */
function fastest(run: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < 3 && !(round > 0 && best > LONG_MS); round++) {
    const begin = processorMs();
    run();
    best = Math.min(best, processorMs() - begin);
  }
  return best;
}
