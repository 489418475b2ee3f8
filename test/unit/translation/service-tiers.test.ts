import { expect, test } from 'bun:test';
import { playRequest } from './request-play.ts';

const messages = [{ role: 'user', content: 'x' }];

test('a tier of OpenAI passes to Converse, and one of Anthropic does not', async () => {
  const chat = await playRequest(['chat', 'converse'], { messages, service_tier: 'default' });
  expect(chat.body['serviceTier']).toEqual({ type: 'default' });
  const claude = { messages, max_tokens: 9, service_tier: 'standard_only' };
  const { body, losses } = await playRequest(['messages', 'converse'], claude);
  expect([body['serviceTier'], losses]).toEqual([undefined, ['dropped service_tier']]);
});
