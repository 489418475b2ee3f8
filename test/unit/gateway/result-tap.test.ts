import { expect, test } from 'bun:test';
import { createCostMeter } from '../../../src/app/cost-meter.ts';
import type { LaterEvent } from '../../../src/gateway/later/later-costs.ts';
import { resultTap } from '../../../src/gateway/later/result-tap.ts';
import type { ServedRequest } from '../../../src/gateway/settle.ts';
import { snapshotOf } from '../config/configuration.ts';
import { FakeClock } from './fake-clock.ts';

const snapshot = snapshotOf(`
providers: [{ name: p, api_base: "http://p.test" }]
models: { m: { routes: [{ provider: p, model: up }] } }
prices: { catalogue: "off", models: { "p/up": { input: 10, output: 100, tiers: { batch: { input: 5, output: 50 } } } } }
allow_unauthenticated: true
`);
const costs = createCostMeter(() => snapshot, new FakeClock());

/** The events that the answer to a GET request gives about earlier work. It comes in pieces with memory of their own. */
async function told(path: string, answer: string, pieceBytes = 7): Promise<LaterEvent[]> {
  // Once the prices are read, nothing waits for more than a turn.
  await costs.estimator();
  const events: LaterEvent[] = [];
  const served = {
    planned: { request: { method: 'GET', path } },
    execution: { history: [{ route: { provider: 'p' } }] },
    gateway: { costs, later: () => ({ note: (event: LaterEvent) => events.push(event) }) },
  } as unknown as ServedRequest;
  const tap = resultTap({ status: 200, headers: new Headers() }, served);
  const bytes = Buffer.from(answer);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Uint8Array.from(bytes.subarray(at, at + pieceBytes));
    tap?.push(piece);
    // The client gets it next.
    expect(bytes.subarray(at, at + pieceBytes).equals(piece)).toBe(true);
  }
  tap?.end();
  await Bun.sleep(0);
  return events;
}

test('the results of a batch of messages are summed up by model, each at the price of batches', async () => {
  const line = (id: string, model: string): string =>
    JSON.stringify({
      custom_id: id,
      result: {
        type: 'succeeded',
        message: { type: 'message', model, usage: { input_tokens: 100, output_tokens: 10 } },
      },
    });
  const failed = JSON.stringify({ custom_id: '0', result: { type: 'errored', error: {} } });
  const lines = [failed, line('1', 'up'), line('2', 'other'), line('3', 'up')].join('\n');
  const [event, ...others] = await told('/v1/messages/batches/msgbatch_1/results', lines);
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    type: 'ended',
    id: 'msgbatch_1',
    provider: 'p',
    uses: [
      { model: 'up', requests: 2, nano: 2_000_000, usage: { inputTokens: 200, outputTokens: 20 } },
      { model: 'other', requests: 1, nano: 'unknown' },
    ],
  });
  expect(await told('/v1/files/file-1/content', `{"text":"no result"}\n${line('1', 'up')}`)).toEqual([]);
});

test('a long line of results is summed up, and left for the client', async () => {
  const message = { type: 'message', model: 'up', usage: { input_tokens: 100, output_tokens: 10 } };
  const content = [{ type: 'text', text: 'x'.repeat(300_000) }];
  const line = JSON.stringify({ result: { type: 'succeeded', message: { ...message, content } } });
  const [event] = await told('/v1/messages/batches/msgbatch_1/results', `${line}\n${line}`, 100_000);
  expect(event).toMatchObject({ uses: [{ model: 'up', requests: 2 }] });
});

test('a batch tells its usage, or else the file with its results', async () => {
  const batch = { id: 'batch_1', status: 'completed', output_file_id: 'file-1' };
  const output = { type: 'output', id: 'batch_1', provider: 'p', file: 'file-1' } as const;
  expect(await told('/v1/batches/batch_1', JSON.stringify(batch))).toEqual([output]);
  const usage = { input_tokens: 300, output_tokens: 30, total_tokens: 330 };
  const summed = { ...batch, model: 'up', usage, request_counts: { total: 4, completed: 3, failed: 1 } };
  const [event] = await told('/v1/batches/batch_1', JSON.stringify(summed));
  expect(event).toMatchObject({
    type: 'ended',
    uses: [{ model: 'up', requests: 3, usage: { inputTokens: 300, parts: { serviceTier: 'batch' } } }],
  });
  const running = JSON.stringify({ ...summed, status: 'in_progress' });
  expect(await told('/v1/batches/batch_1', running)).toEqual([]);
});

test('a response that failed without a report used nothing, and any other keeps its estimate', async () => {
  const response = (status: string): string => JSON.stringify({ id: 'resp_1', status, usage: null });
  const nothing = { type: 'ended', id: 'resp_1', provider: 'p', uses: [] } as const;
  expect(await told('/v1/responses/resp_1', response('failed'))).toEqual([nothing]);
  for (const status of ['queued', 'in_progress', 'completed', 'cancelled'])
    expect(await told('/v1/responses/resp_1', response(status))).toEqual([]);
});
