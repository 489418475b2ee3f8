import { expect, test } from 'bun:test';
import { join } from 'node:path';

const BENCH = join(import.meta.dir, '../../../bench/parts/open-holds.ts');
const STREAMS = 8000;

/** Bytes of the heap for each open stream, in a process that does nothing else. */
async function bytesWith(setup: string): Promise<number> {
  const command = [process.execPath, BENCH, '--setup', setup, '--requests', String(STREAMS)];
  const { heap } = (await new Response(Bun.spawn(command).stdout).json()) as { readonly heap: number };
  return heap / STREAMS;
}

test('an open stream keeps at most 300 bytes for six limits and their journal, which the process reads too', async () => {
  const without = await bytesWith('no limits');
  const more = (await bytesWith('six limits, journal read too')) - without;
  expect(without).toBeGreaterThan(100);
  expect(more).toBeGreaterThan(100);
  expect(more).toBeLessThanOrEqual(300);
});
