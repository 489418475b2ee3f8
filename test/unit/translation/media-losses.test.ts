import { expect, test } from 'bun:test';
import type { ProviderApi } from '../../../src/translation/conversation.ts';
import { playRequest } from './request-play.ts';

const PNG = 'data:image/png;base64,AA==';
const NAMED: readonly ProviderApi[] = ['messages', 'gemini', 'converse'];

test.each(NAMED)('the detail of an image is reported at its place in the client’s body: %s', async (to) => {
  const image = { type: 'image_url', image_url: { url: PNG, detail: 'low' } };
  const chat = await playRequest(['chat', to], { messages: [{ role: 'user', content: [image] }] });
  expect(chat.losses).toContain('dropped messages[0].content[0].image_url.detail');
  const input = [{ role: 'user', content: [{ type: 'input_image', image_url: PNG, detail: 'low' }] }];
  const responses = await playRequest(['responses', to], { input });
  expect(responses.losses).toContain('dropped input[0].content[0].detail');
});

test.each<ProviderApi>(['chat', 'responses', 'gemini', 'converse'])(
  'citations of a document are reported where the client asks for them: %s',
  async (to) => {
    const source = { type: 'text', media_type: 'text/plain', data: 'x' };
    const document = { type: 'document', source, context: 'c', citations: { enabled: true } };
    const body = { max_tokens: 9, messages: [{ role: 'user', content: [document] }] };
    const { losses } = await playRequest(['messages', to], body);
    expect(losses).toContain('dropped messages[0].content[0].citations');
    // The text has it.
    expect(losses).not.toContain('dropped messages[0].content[0].context');
  },
);
