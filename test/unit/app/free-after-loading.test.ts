import { expect, test } from 'bun:test';
import { freeAfterLoading } from '../../../src/app/free-after-loading.ts';
import type { Access } from '../../../src/config/snapshot.ts';

/** References to objects that nothing else refers to. */
function garbage(): WeakRef<object>[] {
  return Array.from({ length: 1_000 }, (_, index) => new WeakRef({ index }));
}

test('what reading many keys has left behind is collected', async () => {
  const keys = new Map(Array.from({ length: 5_000 }, (_, index) => [`hash ${index}`, {}]));
  const references = garbage();
  await freeAfterLoading({ access: { kind: 'keys', keys, publicModels: false } as unknown as Access });
  // An address that happens to be on the stack keeps its object.
  expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(100);
});
