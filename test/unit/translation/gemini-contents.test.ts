import { expect, test } from 'bun:test';
import { playRequest } from './request-play.ts';

test('Gemini refuses a request without contents, so a system message alone gets a message', async () => {
  const { body, losses } = await playRequest(['chat', 'gemini'], {
    messages: [{ role: 'system', content: 'S' }],
  });
  expect(body).toEqual({
    systemInstruction: { parts: [{ text: 'S' }] },
    contents: [{ role: 'user', parts: [{ text: '(conversation continues)' }] }],
  });
  expect(losses).toEqual(['repaired messages']);
});
