import { expect, spyOn, test } from 'bun:test';
import { BodyBudget } from '../../../../src/server/body-budget.ts';
import { LargeBody } from '../../../../src/server/lean/large-body.ts';
import { systemClock } from '../../../../src/lib/system-clock.ts';

const SIZE = 1_000_000;

function room() {
  const limits = { maxBodyBytes: 10 * SIZE, bodyTimeoutMs: Infinity, maxBodyMb: 10 };
  return { budget: new BodyBudget(() => 100 * SIZE), limits, clock: systemClock };
}

test('a body that arrives in pieces is read whole', async () => {
  const body = new LargeBody(SIZE, room());
  const reading = body.read(undefined);
  body.add(Buffer.alloc(SIZE - 1, 7));
  expect(body.add(Buffer.from([8, 9]))).toEqual(Buffer.from([9]));
  const bytes = await reading;
  expect([bytes.byteLength, bytes[0], bytes.at(-1)]).toEqual([SIZE, 7, 8]);
});

test('the memory of a body is given back when its client leaves', async () => {
  const allocate = spyOn(Buffer, 'allocUnsafe');
  const body = new LargeBody(SIZE, room());
  const reading = body.read(undefined).catch((error: unknown) => error);
  const bytes = allocate.mock.results.at(-1)?.value as Buffer;
  allocate.mockRestore();
  body.add(Buffer.alloc(1_000, 7));
  expect(bytes.byteLength).toBe(SIZE);
  body.leave();
  expect(bytes.byteLength).toBe(0);
  expect(await reading).toBeInstanceOf(Error);
});
