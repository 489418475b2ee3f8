import { expect, test } from 'bun:test';
import { PlainSignal, type Signal } from '../../../src/lib/signal.ts';

interface Pair {
  readonly name: string;
  readonly signal: Signal;
  readonly abort: () => void;
}

function pairs(): readonly Pair[] {
  const plain = new PlainSignal();
  const controller = new AbortController();
  return [
    { name: 'ours', signal: plain, abort: () => plain.abort() },
    { name: "the runtime's", signal: controller.signal, abort: () => controller.abort() },
  ];
}

test.each([0, 1])(
  'a signal calls its listeners once, in order, and only those that are left (%i)',
  (which) => {
    const { signal, abort } = pairs()[which] as Pair;
    const calls: string[] = [];
    const listeners = ['a', 'b', 'c', 'd'].map((name) => () => void calls.push(`${name} ${signal.aborted}`));
    const [a, b, c, d] = listeners as [() => void, () => void, () => void, () => void];
    for (const listener of [a, b, b, c]) signal.addEventListener('abort', listener, { once: true });
    signal.removeEventListener('abort', a);
    signal.removeEventListener('abort', d);
    expect(signal.aborted).toBe(false);
    abort();
    abort();
    expect(calls).toEqual(['b true', 'c true']);
    signal.addEventListener('abort', d, { once: true });
    expect(calls).toEqual(['b true', 'c true']);
  },
);

test('a listener that was removed makes room for another', () => {
  for (const { signal, abort } of pairs()) {
    const calls: string[] = [];
    const first = (): void => void calls.push('first');
    const second = (): void => void calls.push('second');
    signal.addEventListener('abort', first, { once: true });
    signal.removeEventListener('abort', first);
    signal.addEventListener('abort', second, { once: true });
    abort();
    expect(calls).toEqual(['second']);
  }
});
