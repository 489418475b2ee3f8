import { expect, test } from 'bun:test';
import { playNonsense } from './nonsense-traffic.ts';

test('no request and no answer, however odd, is an internal error or leaves anything behind', async () => {
  const { answers, wrong, bugs, active, held } = await playNonsense({ requests: 800 });
  expect({ wrong, bugs, active, held }).toEqual({ wrong: [], bugs: [], active: 0, held: 0 });
  // Enough of it makes sense to get far.
  expect(answers['200']).toBeGreaterThan(50);
}, 180_000);
