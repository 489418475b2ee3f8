import { expect, test } from 'bun:test';
import { countable } from '../../../src/translation/estimate.ts';
import { readRequest } from '../../../src/translation/pair.ts';

async function counted(body: object) {
  const context = { requestId: 'req_x', path: '/v1/messages/count_tokens' };
  const reading = await readRequest('messages', JSON.stringify({ model: 'm', ...body }), context);
  if (reading.kind === 'invalid') throw new Error(reading.path);
  return countable(reading.conversation);
}

test('texts of system, tools, turns, calls and results are counted, and tokens for everything else are added', async () => {
  const pdf = (chars: number) => ({
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: 'A'.repeat(chars) },
  });
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  const { texts, extra } = await counted({
    system: 'S',
    tools: [{ name: 'f', description: 'D', input_schema: { type: 'object' } }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'x' }, image, pdf(3073), pdf(1_000_000)] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'r' }, image] }],
      },
    ],
  });
  expect(texts).toEqual([
    'S',
    '{"name":"f","description":"D","schema":{"type":"object"}}',
    'x',
    'f',
    '{"a":1}',
    'r',
  ]);
  expect(extra).toBe(8 + 3 * 3 + 2 * 1600 + 1500 * (2 + 100));
});
