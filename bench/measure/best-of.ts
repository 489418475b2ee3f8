/** Microseconds of one quick call: the best of some rounds of many calls, since interference only adds. */
export function bestMicros(work: (time: number) => unknown, times: number, rounds = 5): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (let time = 0; time < times; time++) work(time);
    best = Math.min(best, ((performance.now() - start) * 1000) / times);
  }
  return best;
}
