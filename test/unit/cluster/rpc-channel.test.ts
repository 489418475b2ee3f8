import { expect, test } from 'bun:test';
import { type Calls, Link, LinkClosed, type Message } from '../../../src/cluster/rpc-channel.ts';

type Sums = { readonly add: (pair: readonly [number, number]) => number };
type Echo = { readonly echo: (text: string) => Promise<string>; readonly fail: (why: string) => never };

/** Two links that are each other's other side. What is sent arrives a moment later, cloned. */
function pairOf(left: Calls, right: Calls): { left: Link<Echo>; right: Link<Sums> } {
  const carry = (to: () => Link<Sums> | Link<Echo>) => (message: Message) => {
    const copy = structuredClone(message);
    queueMicrotask(() => to().receive(copy));
  };
  const pair: { left: Link<Echo>; right: Link<Sums> } = {
    left: new Link<Echo>(
      carry(() => pair.right),
      left,
    ),
    right: new Link<Sums>(
      carry(() => pair.left),
      right,
    ),
  };
  return pair;
}

const SUMS: Sums = { add: ([a, b]) => a + b };
const ECHO: Echo = {
  echo: async (text) => text,
  fail: (why) => {
    throw new Error(why);
  },
};

test('both sides call functions of each other, and answers find their questions', async () => {
  const { left, right } = pairOf(SUMS, ECHO);
  const answers = await Promise.all([
    right.call('add', [1, 2]),
    left.call('echo', 'a'),
    right.call('add', [3, 4]),
    left.call('echo', 'b'),
  ]);
  expect(answers).toEqual([3, 'a', 7, 'b']);
});

test('what a function throws, its caller is told', async () => {
  const { left } = pairOf(SUMS, ECHO);
  expect(left.call('fail', 'broken')).rejects.toThrow('broken');
});

test('what is not answered when the link closes fails, and so does what is asked after that', async () => {
  const never: Echo = { echo: () => new Promise(() => undefined), fail: ECHO.fail };
  const { left } = pairOf(SUMS, never);
  const waiting = left.call('echo', 'x');
  left.close();
  expect(waiting).rejects.toBeInstanceOf(LinkClosed);
  expect(left.call('echo', 'y')).rejects.toBeInstanceOf(LinkClosed);
});

test('a channel that is broken fails the call, not the caller', async () => {
  const link = new Link<Echo>(() => {
    throw new Error('EPIPE');
  }, SUMS);
  expect(link.call('echo', 'x')).rejects.toThrow('EPIPE');
});
