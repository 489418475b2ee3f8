import { expect, test } from 'bun:test';
import { translationFor } from '../../../src/translation/pair.ts';
import { exchangeFor } from './stream-play.ts';

test('a second call under the id of the first gets an id of its own in a whole answer too', async () => {
  const exchange = await exchangeFor({ from: 'messages', to: 'chat' });
  const calls = ['{"a":1}', '{"a":2}'].map((json) => ({
    id: 'c1',
    function: { name: 'f', arguments: json },
  }));
  const body = { choices: [{ message: { tool_calls: calls }, finish_reason: 'tool_calls' }] };
  const translation = await translationFor('messages', 'chat', exchange.target);
  const written = translation.answer(JSON.stringify(body), exchange);
  if (written.kind === 'failed') throw new Error(written.error.message);
  expect(JSON.parse(written.body)).toMatchObject({
    content: [
      { id: 'c1', input: { a: 1 } },
      { id: 'call_g_1', input: { a: 2 } },
    ],
  });
});
