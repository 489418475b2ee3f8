import { describe, expect, test } from 'bun:test';
import { SpanQueue } from '../../../src/telemetry/traces/span-queue.ts';
import { until } from '../../e2e/gateway.ts';

interface Sent {
  readonly queue: SpanQueue;
  readonly batches: string[];
  readonly losses: string[];
}

/** A queue of four at most, with batches of two. Each batch takes until `answer` resolves. */
function queueWith(answer: () => Promise<void>, scheduledDelayMillis = 60_000): Sent {
  const batches: string[] = [];
  const losses: string[] = [];
  const queue = new SpanQueue({
    batch: { maxExportBatchSize: 2, maxQueueSize: 4, scheduledDelayMillis, exportTimeoutMillis: 50 },
    send: (spans) => {
      batches.push(spans.join(''));
      return answer();
    },
    onLoss: (reason) => losses.push(reason),
  });
  return { queue, batches, losses };
}

const add = ({ queue }: Sent, names: string): void => names.split('').forEach((name) => queue.add(name));
const atOnce = (): Promise<void> => Promise.resolve();

describe('spans are sent', () => {
  test('at once when there is a whole batch, and the rest after a while', async () => {
    const sent = queueWith(atOnce, 30);
    add(sent, 'abc');
    expect(sent.batches).toEqual(['ab']);
    await until(() => sent.batches.length === 2);
    expect(sent.batches).toEqual(['ab', 'c']);
    add(sent, 'd');
    await until(() => sent.batches.length === 3);
    expect(sent.losses).toEqual([]);
  });

  test('one batch at a time, and what has come meanwhile right after it', async () => {
    const gate = Promise.withResolvers<void>();
    const sent = queueWith(() => gate.promise);
    add(sent, 'abcd');
    expect(sent.batches).toEqual(['ab']);
    gate.resolve();
    await until(() => sent.batches.length === 2);
    expect(sent.batches).toEqual(['ab', 'cd']);
  });

  test('all of them at the end', async () => {
    const sent = queueWith(atOnce);
    add(sent, 'abc');
    await sent.queue.close();
    expect(sent.batches).toEqual(['ab', 'c']);
  });
});

describe('spans are lost, and that is said', () => {
  test('where more of them wait than there is room for', async () => {
    const gate = Promise.withResolvers<void>();
    const sent = queueWith(() => gate.promise);
    add(sent, 'abcdefgh');
    expect(sent.losses).toEqual(Array(2).fill('they come faster than they are taken'));
    gate.resolve();
    await sent.queue.close();
    expect(sent.batches).toEqual(['ab', 'cd', 'ef']);
  });

  test('where the receiver fails, and the next batch is tried all the same', async () => {
    const sent = queueWith(() => Promise.reject(Object.assign(new Error('Bad Gateway'), { code: 502 })));
    add(sent, 'abcd');
    await sent.queue.close();
    expect(sent.batches).toEqual(['ab', 'cd']);
    expect(sent.losses).toEqual(['502 Bad Gateway', '502 Bad Gateway']);
  });

  test('where the receiver does not answer', async () => {
    const sent = queueWith(() => new Promise(() => undefined));
    add(sent, 'ab');
    await until(() => sent.losses.length === 1);
    expect(sent.losses).toEqual(['no answer within 50 ms']);
  });
});
