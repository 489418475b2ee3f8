import { median, playBudget } from '../../test/simulation/budget-world.ts';

/** Plays 40 random runs of each budget and prints how much of it was spent. Run: bun bench/parts/budget.ts */
const SEEDS = 40;

for (const [dollars, rate, isLearned] of [
  [10, 5, false],
  [0.5, 5, false],
  [0.5, 5, true],
  [100, 50, false],
] as const) {
  for (const hold of ['expected', 'maximum'] as const) {
    const results = [];
    for (let seed = 1; seed <= SEEDS; seed++)
      results.push(await playBudget({ dollars, rate, hold, seed, isLearned }));
    const spent = results.map((result) => result.spent);
    const first = results.map(({ firstRefusal }) => firstRefusal ?? 1);
    console.log(
      `$${dollars} at ${rate}/s, ${hold}${isLearned ? ', learned' : ''}`.padEnd(32),
      `spent median ${percent(median(spent))}, most ${percent(Math.max(...spent))},`,
      `first refusal median ${percent(median(first))}, least ${percent(Math.min(...first))},`,
      `in flight ${Math.max(...results.map(({ mostInFlight }) => mostInFlight))}`,
    );
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
