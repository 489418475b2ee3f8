import { expect, test } from 'bun:test';
import { SessionSize } from '../../../src/gateway/web-socket/session-size.ts';

const USAGE = { totalTokens: undefined, cachedTokens: undefined, reasoningTokens: undefined };

test('a session is what was sent to it, then what a response read and wrote, and what came in the meantime', () => {
  const size = new SessionSize();
  const first = size.tokens;
  size.sent('x'.repeat(100), 'conversation.item.create');
  size.sent('x'.repeat(4000), 'input_audio_buffer.append');
  expect(size.tokens).toBe(first + 110);
  size.begun();
  size.sent('x'.repeat(30), 'conversation.item.create');
  size.ended({ ...USAGE, inputTokens: 500, outputTokens: 200 });
  expect(size.tokens).toBe(730);
  // A report without numbers changes nothing.
  size.ended({ ...USAGE, inputTokens: undefined, outputTokens: undefined });
  expect(size.tokens).toBe(730);
});

test('a stored prompt counts as the longest context, until a response tells its length', () => {
  const size = new SessionSize();
  size.sent('{"session":{"prompt":{"id":"pmpt_1"}}}', 'session.update');
  expect(size.tokens).toBe(131_072);
  size.begun();
  size.ended({ ...USAGE, inputTokens: 500, outputTokens: 0 });
  expect(size.tokens).toBe(500);
});
