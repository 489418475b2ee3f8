import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { findEndpoint } from '../../../src/simulator/endpoint.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';

describe('a path is an endpoint only where a real provider has one:', () => {
  const cases: [path: string, isThere: boolean][] = [
    ['/chat/completions', true],
    ['/v1/chat/completions', true],
    ['/tenant/v1/chat/completions', true],
    ['/v1beta/openai/chat/completions', true],
    ['/openai/v1/chat/completions', true],
    ['/api/paas/v4/chat/completions', true],
    ['/openai/deployments/d/chat/completions', true],
    ['/tenant/openai/deployments/d/chat/completions', true],
    ['/v1/v1/chat/completions', false],
    ['/v1/v1beta/chat/completions', false],
    ['/v1/openai/deployments/d/chat/completions', false],
    ['/deployments/d/chat/completions', false],
    ['//v1/chat/completions', false],
    ['/v1//chat/completions', false],
    ['/v1/else/chat/completions', false],
    ['/v1/chat/completions/', false],
  ];
  for (const [path, isThere] of cases)
    test(path, () => expect(findEndpoint('POST', path).kind).toBe(isThere ? 'endpoint' : 'unknown'));
});

describe('an object', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator.stop());

  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${simulator.url}/v1${path}`, {
      method,
      ...(body !== undefined && { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });
    return { code: response.status, ...((await response.json()) as object) };
  };

  test('is read and deleted by its id', async () => {
    expect(await ask('GET', '/files/file-7')).toMatchObject({ code: 200, id: 'file-7', object: 'file' });
    expect(await ask('DELETE', '/files/file-7')).toMatchObject({ id: 'file-7', deleted: true });
    const content = await fetch(`${simulator.url}/v1/files/file-7/content`);
    expect(await content.text()).toBe('{"custom_id":"1"}\n{"custom_id":"2"}\n');
    expect(await ask('PUT', '/files/file-7')).toMatchObject({ code: 405 });
  });

  test('is a batch', async () => {
    const made = { input_file_id: 'file-7', endpoint: '/v1/embeddings', completion_window: '24h' };
    expect(await ask('POST', '/batches', made)).toMatchObject({
      object: 'batch',
      endpoint: '/v1/embeddings',
    });
    expect(await ask('POST', '/batches', {})).toMatchObject({ code: 400 });
    expect(await ask('GET', '/batches/b-1')).toMatchObject({ id: 'b-1', status: 'completed' });
    expect(await ask('POST', '/batches/b-1/cancel')).toMatchObject({ id: 'b-1', status: 'cancelling' });
    expect(await ask('GET', '/batches')).toMatchObject({ object: 'list' });
  });

  test('is an edited image', async () => {
    const form = new FormData();
    form.set('model', 'm');
    form.set('image', new Blob(['x']));
    expect(await ask('POST', '/images/edits', form)).toMatchObject({
      data: [{ b64_json: expect.any(String) }],
    });
    expect(await ask('POST', '/images/edits', new FormData())).toMatchObject({ code: 400 });
  });
});

test('documents are ranked by their number of query words', async () => {
  const simulator = await startSimulator();
  const response = await fetch(`${simulator.url}/v2/rerank`, {
    method: 'POST',
    body: JSON.stringify({
      model: 'm',
      query: 'red fox',
      documents: ['a dog', 'a red fox', 'red'],
      top_n: 2,
    }),
  });
  const { results } = (await response.json()) as { results: { index: number }[] };
  expect(results.map(({ index }) => index)).toEqual([1, 2]);
  await simulator.stop();
});
