import { expect, test } from 'bun:test';
import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import { playRequest } from './request-play.ts';

const CHAT = {
  messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }],
};
const MESSAGES = {
  max_tokens: 9,
  messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'file-1' } }] }],
};

test.each<readonly [ClientApi, ProviderApi, object, unknown]>([
  [
    'chat',
    'messages',
    CHAT,
    { messages: [{ role: 'user', content: [{ type: 'text', text: '(empty message)' }] }] },
  ],
  ['chat', 'gemini', CHAT, { contents: [{ role: 'user', parts: [{ text: '(empty message)' }] }] }],
  ['chat', 'converse', CHAT, { messages: [{ role: 'user', content: [{ text: '(empty message)' }] }] }],
  [
    'chat',
    'responses',
    CHAT,
    { input: [{ role: 'user', content: [{ type: 'input_text', text: '(empty message)' }] }] },
  ],
  ['messages', 'chat', MESSAGES, { messages: [{ role: 'user', content: '(empty message)' }] }],
])(
  'a message that loses all its content under the policy drop is not sent empty: %s>%s',
  async (from, to, body, sent) => {
    const { body: written, losses } = await playRequest([from, to], body, { policy: 'drop' });
    expect(written).toMatchObject(sent as object);
    expect(losses).toContain('dropped messages[0].content[0]');
  },
);

test.each(['messages', 'converse', 'gemini'] as const)(
  'turns around one of nothing but foreign reasoning become one: chat>%s',
  async (api) => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, reasoning_content: 'hm' },
      { role: 'user', content: 'b' },
    ];
    const { body } = await playRequest(['chat', api], { messages });
    const sent = (body['messages'] ?? body['contents']) as { role: string; content?: unknown[] }[];
    expect(sent.map(({ role }) => role)).toEqual(['user']);
    expect(JSON.stringify(sent)).toMatch(/"a".*"b"/);
  },
);
