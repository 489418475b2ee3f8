import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { Kind } from '../../../src/store/resource-kinds.ts';
import { type Resources, withChanges, withResource } from '../../../src/store/revision.ts';
import { openTestStore } from './databases.ts';

/** The content of a revision without the times at which it was written. */
function content(resources: Resources): unknown {
  return Object.fromEntries(
    Object.entries(resources).map(([kind, all]: [string, Resources[Kind]]) => [
      kind,
      [...all.values()].map(({ id, position, fields }) => ({ id, position, fields })),
    ]),
  );
}

const writes = fc.array(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    fields: fc.option(
      fc.record(
        {
          api_base: fc.constant('https://x.example.com'),
          api_key: fc.stringMatching(/^sk-[a-f0-9]{1,4}$/),
          weight: fc.nat(5),
        },
        { requiredKeys: ['api_base'] },
      ),
      { nil: undefined },
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

test('whatever was written, every version can be had again just as it was, secrets included', async () => {
  await fc.assert(
    fc.asyncProperty(writes, fc.nat(), async (all, pick) => {
      const { store } = await openTestStore('sqlite::memory:');
      const context = { actor: 'test', action: 'test' };
      const versions = [content((await store.read()).resources)];
      for (const { id, fields } of all) {
        const edit = ({ resources }: { resources: Resources }, now: string) =>
          withResource(resources, { kind: 'providers', id }, fields, now);
        versions.push(content((await store.change(edit, context)).resources));
      }
      const version = pick % (versions.length - 1);
      await store.rollback(version, context);
      expect(content((await store.read()).resources)).toEqual(versions[version]);
      const last = versions.length - 1;
      await store.rollback(last, context);
      expect(content((await store.read()).resources)).toEqual(versions[last]);
      await store.close();
    }),
    { numRuns: 40 },
  );
});

test('a write may change more rows than one statement can name', async () => {
  const { store } = await openTestStore('sqlite::memory:');
  const context = { actor: 'test', action: 'test' };
  for (const name of ['before', 'after']) {
    const changes = Array.from({ length: 1_001 }, (_, at) => [`u${at}`, { name: `${name} ${at}` }] as const);
    const edit = ({ resources }: { resources: Resources }, now: string) => ({
      ...resources,
      users: withChanges(resources.users, changes, now),
    });
    const { resources } = await store.change(edit, context);
    expect(content((await store.read()).resources)).toEqual(content(resources));
  }
  const [last] = await store.history({ before: 3, limit: 1 });
  expect([...new Set(last?.changes.map(({ action }) => action))]).toEqual(['updated']);
  await store.close();
});
