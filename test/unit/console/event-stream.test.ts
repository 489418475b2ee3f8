import { describe, expect, test } from 'bun:test';
import { createEventParser, said } from '../../../src/console/page/event-stream.ts';

describe('events of a stream', () => {
  const stream = ': hello\n\nevent: delta\ndata: {"a":1}\n\ndata: one\r\ndata: two\r\n\r\ndata: [DONE]\n\n';
  const events = [
    { name: 'delta', data: '{"a":1}' },
    { name: 'message', data: 'one\ntwo' },
    { name: 'message', data: '[DONE]' },
  ];

  test('come out whole, wherever the text is cut', () => {
    for (let size = 1; size <= stream.length; size++) {
      const parse = createEventParser();
      const pieces = stream.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect({ size, events: pieces.flatMap(parse) }).toEqual({ size, events });
    }
  });

  test('that have not ended are not told', () => {
    expect(createEventParser()('data: half\n')).toEqual([]);
  });
});

describe('what is said', () => {
  test.each([
    ['a piece of a chat', { choices: [{ delta: { content: 'Hi' } }] }],
    ['a whole chat', { choices: [{ message: { content: 'Hi' } }] }],
    ['a completion', { choices: [{ text: 'Hi' }] }],
    ['a piece of a response', { type: 'response.output_text.delta', delta: 'Hi' }],
    ['a piece of a message', { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hi' } }],
    ['a whole message', { content: [{ type: 'text', text: 'Hi' }] }],
  ])('in %s', (_, answer) => {
    expect(said(JSON.stringify(answer)).text).toBe('Hi');
  });

  test('by an error', () => {
    expect(said('{"error":{"message":"No."}}').error).toBe('No.');
    expect(said('{"error":"No."}').error).toBe('No.');
    expect(said('{"error":null,"choices":[]}').error).toBeUndefined();
  });

  test('of tokens', () => {
    expect(said('{"choices":[],"usage":{"completion_tokens":7}}').tokens).toBe(7);
    expect(said('{"response":{"usage":{"output_tokens":7}}}').tokens).toBe(7);
  });

  test('by what is no JSON: nothing', () => {
    expect(said('[DONE]')).toEqual({ text: '', thought: '', tokens: undefined, error: undefined });
  });
});
