import { expect, test } from 'bun:test';
import type { ConfigSource, StepSource } from '../../../src/app/config-source.ts';
import { swapAll } from '../../../src/app/swap-all.ts';
import { mapKinds } from '../../../src/store/resource-kinds.ts';

const context = { version: 2, now: new Date(0), overrides: {} };
const revision = { version: 2, changedAt: '', hadKeys: true, resources: mapKinds(() => new Map()) };
const source: ConfigSource = { kind: 'revision', revision, ...context };
const step: StepSource = { kind: 'step', step: { from: 1, changed: [], revision }, ...context };

test('all workers get the step, and those that do not have the version before get the whole source', async () => {
  const sent: (readonly [to: number | 'all', kind: string])[] = [];
  const pool = {
    callAll(_: 'swap', { kind }: ConfigSource | StepSource) {
      sent.push(['all', kind]);
      const answerOf = (worker: number) => (kind === 'step' && worker === 2 ? 'behind' : 'done');
      return Promise.resolve([1, 2, 3].map((worker) => ({ worker, answer: answerOf(worker) }) as const));
    },
    call(worker: number, _: 'swap', { kind }: ConfigSource) {
      sent.push([worker, kind]);
      return Promise.reject(new Error('it has died meanwhile'));
    },
  };
  await swapAll(pool, { source, step });
  expect(sent.splice(0)).toEqual([
    ['all', 'step'],
    [2, 'revision'],
  ]);
  await swapAll(pool, { source });
  expect(sent).toEqual([['all', 'revision']]);
});
