import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ words: 3 });
});
afterAll(() => simulator.stop());

interface Event {
  readonly name: string;
  readonly data: string;
}

async function send(path: string, body: object | FormData, fault = 'ok'): Promise<Response> {
  const isForm = body instanceof FormData;
  return fetch(simulator.url + path, {
    method: 'POST',
    body: isForm ? body : JSON.stringify(body),
    headers: { 'x-mock-fault': fault, ...(!isForm && { 'content-type': 'application/json' }) },
  });
}

async function eventsOf(response: Response): Promise<Event[]> {
  expect(response.headers.get('content-type')).toStartWith('text/event-stream');
  const blocks = (await response.text()).split('\n\n').filter((block) => block !== '');
  return blocks.map((block) => ({
    name: /^event: (.*)$/m.exec(block)?.[1] ?? '',
    data: /^data: (.*)$/m.exec(block)?.[1] ?? '',
  }));
}

function form(fields: Record<string, string>, file = 'file'): FormData {
  const data = new FormData();
  data.set(file, new Blob(['x']), 'a.mp3');
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

async function namesOf(response: Response): Promise<string[]> {
  return (await eventsOf(response)).map(({ name }) => name);
}

describe('streams of other endpoints:', () => {
  test('images, including partial ones', async () => {
    const body = { prompt: 'x', stream: true, partial_images: 2 };
    expect(await namesOf(await send('/v1/images/generations', body))).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
    const edited = await send('/v1/images/edits', form({ prompt: 'x', stream: 'true' }, 'image'));
    expect((await namesOf(edited)).at(-1)).toBe('image_edit.completed');
  });

  test('transcriptions, speech and runs', async () => {
    const transcript = await namesOf(await send('/v1/audio/transcriptions', form({ stream: 'true' })));
    expect(transcript).toEqual([...Array<string>(3).fill('transcript.text.delta'), 'transcript.text.done']);
    const speech = await namesOf(
      await send('/v1/audio/speech', { input: 'two words', stream_format: 'sse' }),
    );
    expect(speech).toEqual(['speech.audio.delta', 'speech.audio.delta', 'speech.audio.done']);
    const run = await namesOf(await send('/v1/threads/t/runs', { assistant_id: 'a', stream: true }));
    expect([run[0], run.at(-2), run.at(-1)]).toEqual(['thread.run.created', 'thread.run.completed', 'done']);
  });

  test('a stored response, with its children', async () => {
    const url = `${simulator.url}/v1/responses/resp_1`;
    expect((await namesOf(await fetch(`${url}?stream=true`))).at(-1)).toBe('response.completed');
    expect(await (await fetch(url)).json()).toMatchObject({ object: 'response', status: 'completed' });
    expect(await (await fetch(`${url}/input_items`)).json()).toMatchObject({
      object: 'list',
      has_more: false,
    });
    expect(await (await fetch(`${url}/cancel`, { method: 'POST' })).json()).toMatchObject({
      object: 'response',
    });
    expect(await (await fetch(url, { method: 'DELETE' })).json()).toMatchObject({
      id: 'resp_1',
      deleted: true,
    });
    expect((await fetch(`${simulator.url}/v1/responses/resp_missing`)).status).toBe(404);
  });
});

test('Responses returns the JSON that text.format requires', async () => {
  const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
  const text = { format: { type: 'json_schema', name: 'x', schema } };
  const answer = (await (await send('/v1/responses', { input: 'x', text })).json()) as {
    output: { content: { text: string }[] }[];
  };
  expect(JSON.parse(answer.output[0]!.content[0]!.text)).toEqual({ name: expect.any(String) });
});

test('tokens are counted, and Anthropic has its own request id header', async () => {
  const body = { model: 'claude', messages: [{ role: 'user', content: 'three small words' }] };
  const counted = await send('/v1/messages/count_tokens', body);
  expect(await counted.json()).toEqual({ input_tokens: 3 });
  expect(counted.headers.get('request-id')).toStartWith('req_');
  expect((await send('/v1/chat/completions', body)).headers.get('x-request-id')).toStartWith('req_');
});

describe('a stream reports its failure in the form of its API:', () => {
  const fault = 'failed-rate-limit-exceeded';
  const ask = { model: 'm', messages: [], input: 'x', stream: true };

  test('Responses, with the number of the event', async () => {
    const last = (await eventsOf(await send('/v1/responses', ask, `${fault}?after=2`))).at(-1)!;
    expect(last.name).toBe('response.failed');
    expect(JSON.parse(last.data)).toMatchObject({
      sequence_number: 6,
      response: { status: 'failed', error: { code: 'rate_limit_exceeded' } },
    });
  });

  test('Messages and chat', async () => {
    const message = (await eventsOf(await send('/v1/messages', ask, fault))).at(-1)!;
    expect([message.name, JSON.parse(message.data)]).toMatchObject([
      'error',
      { error: { type: 'rate_limit_error' } },
    ]);
    const chunk = (await eventsOf(await send('/v1/chat/completions', ask, fault))).at(-1)!;
    expect(JSON.parse(chunk.data)).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    expect((await send('/v1/chat/completions', { ...ask, stream: false }, fault)).status).toBe(429);
  });
});

describe('hidden thoughts take time:', () => {
  const fault = 'thinking?seconds=0.2&every=0.1';

  test('Messages, an empty block with pings and a signature', async () => {
    const text = await (await send('/v1/messages', { messages: [], stream: true }, fault)).text();
    expect(text).toContain('"content_block":{"type":"thinking","thinking":"","signature":""}');
    expect(text.split('event: ping')).toHaveLength(4);
    expect(text).toContain('signature_delta');
    expect(text).not.toContain('thinking_delta');
  });

  test('Responses, an item without a summary, and comments', async () => {
    const text = await (await send('/v1/responses', { input: 'x', stream: true }, fault)).text();
    expect(text.split(': keepalive')).toHaveLength(3);
    expect(text.indexOf('"type":"reasoning"')).toBeLessThan(text.indexOf('output_text.delta'));
  });

  test('chat, comments after the role', async () => {
    const text = await (await send('/v1/chat/completions', { messages: [], stream: true }, fault)).text();
    expect(text.indexOf('"role"')).toBeLessThan(text.indexOf(': keepalive'));
  });
});
