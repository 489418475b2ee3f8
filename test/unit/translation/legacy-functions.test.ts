import { expect, test } from 'bun:test';
import type { ProviderApi } from '../../../src/translation/conversation.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import { exchangeFor, playStream } from './stream-play.ts';

const request = { functions: [{ name: 'f', parameters: { type: 'object' } }] };
const content = {
  role: 'model',
  parts: [1, 2, 3].map((a) => ({ functionCall: { name: 'f', args: { a } } })),
};
const chunk = { candidates: [{ content, finishReason: 'STOP' }] };
const block = (id: string) => ({ type: 'tool_use', id, name: 'f', input: { a: 1 } });
const message = { content: ['a', 'b', 'c'].map(block), stop_reason: 'tool_use', usage: {} };

test.each<readonly [ProviderApi, object, readonly string[]]>([
  ['gemini', chunk, ['dropped candidates[0].content.parts[1]', 'dropped candidates[0].content.parts[2]']],
  ['messages', message, ['dropped content[1]', 'dropped content[2]']],
])(
  'calls beyond the one that the client accepts are reported where the provider made them: %s',
  async (to, answer, lost) => {
    const exchange = await exchangeFor({ from: 'chat', to, request });
    const before = exchange.losses.all().length;
    const translation = await translationFor('chat', to, exchange.target);
    expect(translation.answer(JSON.stringify(answer), exchange).kind).toBe('answer');
    expect(
      exchange.losses
        .all()
        .slice(before)
        .map(({ what, path }) => `${what} ${path}`),
    ).toEqual(expect.arrayContaining([...lost]));
  },
);

test('and so in a stream', async () => {
  const { losses } = await playStream({ from: 'chat', to: 'gemini', request }, [chunk]);
  expect(losses).toContain('dropped candidates[0].content.parts[1]');
  expect(losses).toContain('dropped candidates[0].content.parts[2]');
});
