import { expect, test } from 'bun:test';
import { APIConnectionTimeoutError, APIUserAbortError } from 'openai';
import { throughGateway } from './openai-client.ts';
import { rejection, startStage, useStage } from './stage.ts';

const stage = await useStage(startStage());
const client = throughGateway(stage);

const ENDLESS = { model: 'mock/endless', messages: [{ role: 'user' as const, content: 'Hello!' }] };

test('a client that breaks out of a stream ends the provider’s as well', async () => {
  const stream = await client.chat.completions.create({ ...ENDLESS, stream: true });
  let chunks = 0;
  for await (const _ of stream) if (++chunks === 5) break;
  await stage.brokenOff();
  expect((await stage.ended())[0]?.ending).toBe('client-left');
});

test('a client that aborts a stream ends the provider’s as well', async () => {
  const stream = await client.chat.completions.create({ ...ENDLESS, stream: true });
  let chunks = 0;
  for await (const _ of stream) if (++chunks === 5) stream.controller.abort();
  await stage.brokenOff();
  expect((await stage.ended())[0]?.ending).toBe('client-left');
});

test('a client that aborts a streamed response ends the provider’s as well', async () => {
  const stream = client.responses.stream({ model: 'mock/endless', input: 'Hello!' });
  let deltas = 0;
  stream.on('response.output_text.delta', () => {
    if (++deltas === 5) stream.abort();
  });
  expect(await rejection(stream.done())).toBeInstanceOf(APIUserAbortError);
  await stage.brokenOff();
});

test.each([false, true])(
  'a client that aborts before the answer begins (stream: %p) ends the provider’s request, and it is not repeated',
  async (stream) => {
    const leaving = new AbortController();
    const request = client.chat.completions.create(
      { ...ENDLESS, model: 'mock/silence', stream },
      { signal: leaving.signal },
    );
    const failure = rejection(request);
    await stage.simulator.waitForAttempts(1);
    leaving.abort();
    expect(await failure).toBeInstanceOf(APIUserAbortError);
    await stage.brokenOff();
    expect((await stage.ended())[0]?.ending).toBe('client-left');
    expect(stage.simulator.attempts).toHaveLength(1);
  },
);

test('a client whose own time limit is over ends the provider’s request', async () => {
  const hasty = throughGateway(stage, { timeout: 100, maxRetries: 0 });
  const request = hasty.chat.completions.create({ ...ENDLESS, model: 'mock/silence' });
  expect(await rejection(request)).toBeInstanceOf(APIConnectionTimeoutError);
  await stage.brokenOff();
});
