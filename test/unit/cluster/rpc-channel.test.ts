import { expect, test } from 'bun:test';
import { type Calls, RpcChannel, ChannelClosed, type Message } from '../../../src/cluster/rpc-channel.ts';

type Sums = { readonly add: (pair: readonly [number, number]) => number };
type Echo = { readonly echo: (text: string) => Promise<string>; readonly fail: (why: string) => never };

/** Two connected channels. A message arrives at the other one a moment later, cloned. */
function pairOf(left: Calls, right: Calls): { left: RpcChannel<Echo>; right: RpcChannel<Sums> } {
  const carry = (to: () => RpcChannel<Sums> | RpcChannel<Echo>) => (message: Message) => {
    const copy = structuredClone(message);
    queueMicrotask(() => to().receive(copy));
  };
  const pair: { left: RpcChannel<Echo>; right: RpcChannel<Sums> } = {
    left: new RpcChannel<Echo>(
      carry(() => pair.right),
      left,
    ),
    right: new RpcChannel<Sums>(
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

test('a caller receives the error that a function throws', async () => {
  const { left } = pairOf(SUMS, ECHO);
  expect(left.call('fail', 'broken')).rejects.toThrow('broken');
});

test('calls without an answer fail when the channel closes, and so do later calls', async () => {
  const never: Echo = { echo: () => new Promise(() => undefined), fail: ECHO.fail };
  const { left } = pairOf(SUMS, never);
  const waiting = left.call('echo', 'x');
  left.close();
  expect(waiting).rejects.toBeInstanceOf(ChannelClosed);
  expect(left.call('echo', 'y')).rejects.toBeInstanceOf(ChannelClosed);
});

test('a channel that is broken fails the call, not the caller', async () => {
  const channel = new RpcChannel<Echo>(() => {
    throw new Error('EPIPE');
  }, SUMS);
  expect(channel.call('echo', 'x')).rejects.toThrow('EPIPE');
});
