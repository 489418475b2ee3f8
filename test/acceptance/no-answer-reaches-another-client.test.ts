import { expect, test } from 'bun:test';
import { playCrossing } from './crossing.ts';

for (const workers of process.platform === 'linux' ? [1, 2] : [1]) {
  test(`no answer reaches another client, whatever providers and clients do, with ${workers} worker(s)`, async () => {
    const { crossed, active, whole, left } = await playCrossing({ requests: 2_000, workers });
    expect(crossed).toEqual([]);
    expect(active).toBe(0);
    expect(whole).toBeGreaterThan(1_000);
    expect(left).toBeGreaterThan(100);
  }, 180_000);
}
