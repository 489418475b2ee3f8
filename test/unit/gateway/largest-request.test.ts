import { expect, test } from 'bun:test';
import { maximumNeed } from '../../../src/limits/hold.ts';
import { largestRequest } from '../../../src/gateway/limits/largest-request.ts';
import { sizeOf } from '../../../src/gateway/limits/request-size.ts';

const BLOB = 'iVBORw0KGgo'.repeat(1_000);
const IMAGE = `data:image/png;base64,${BLOB}`;

async function largest(request: object | string, path = '/v1/chat/completions') {
  const body = new TextEncoder().encode(typeof request === 'string' ? request : JSON.stringify(request));
  return { ...largestRequest(await sizeOf(body, true), body, path), bytes: body.byteLength };
}

async function most(request: object | string, path?: string) {
  return maximumNeed(await largest(request, path), undefined);
}

test('what looks like a file is text wherever a model reads it as text', async () => {
  for (const request of [
    { data: BLOB },
    { messages: [{ role: 'user', content: `"data":"${BLOB}"` }] },
    { messages: [{ role: 'user', content: IMAGE }] },
    { messages: [{ role: 'user', content: [{ type: 'text', text: IMAGE, data: BLOB }] }] },
    { messages: [{ role: 'assistant', content: [{ type: 'tool_use', input: { image_url: IMAGE } }] }] },
    { messages: [{ content: [{ type: 'tool_use', input: { type: 'image', source: { data: BLOB } } }] }] },
    { messages: [{ content: [{ type: 'document', source: { type: 'text', data: BLOB } }] }] },
    {
      tools: [{ type: 'function', function: { parameters: { enum: [IMAGE], inlineData: { data: BLOB } } } }],
    },
    { input: [{ type: 'function_call_output', output: JSON.stringify({ data: BLOB }) }] },
    { contents: [{ parts: [{ text: 'x', functionCall: { args: { inlineData: { data: BLOB } } } }] }] },
    `{"messages":[{"content":"${BLOB}"}`,
  ]) {
    const size = await largest(request);
    expect(size.textBytes).toBe(size.bytes);
    expect((await most(request)).input).toBeGreaterThan(size.bytes);
  }
});

test('an image is one image in every API, also by URL and with an escaped key', async () => {
  for (const request of [
    { messages: [{ content: [{ type: 'image_url', image_url: { url: IMAGE } }] }] },
    { messages: [{ content: [{ type: 'image_url', image_url: { url: 'https://a.test/b.png' } }] }] },
    { input: [{ role: 'user', content: [{ type: 'input_image', image_url: IMAGE }] }] },
    { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'file-1' }] }] },
    { input: [{ type: 'computer_call_output', output: { type: 'computer_screenshot', image_url: IMAGE } }] },
    { messages: [{ content: [{ type: 'image', source: { type: 'base64', data: BLOB } }] }] },
    {
      messages: [
        {
          content: [
            { type: 'tool_result', content: [{ type: 'image', source: { type: 'base64', data: BLOB } }] },
          ],
        },
      ],
    },
    { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: BLOB } }] }] },
    { contents: [{ parts: [{ file_data: { mime_type: 'image/png', file_uri: 'gs://a/b' } }] }] },
    { prompt: 'Make it blue.', images: [{ file_id: 'file-1' }] },
    `{"messages":[{"content":[{"type" : "image\\u005furl","im\\u0061ge_url":{"url":"${IMAGE}"}}]}]}`,
  ]) {
    const size = await largest(request);
    expect([size.images, size.textBytes < 300, size.documents]).toEqual([1, true, 0]);
    expect((await most(request)).input).toBeGreaterThan(48_168);
  }
});

test('files of which nobody knows the tokens may fill all that a model reads', async () => {
  for (const request of [
    {
      messages: [{ content: [{ type: 'file', file: { file_data: `data:application/pdf;base64,${BLOB}` } }] }],
    },
    {
      messages: [
        { content: [{ type: 'image_url', image_url: { url: `data:application/pdf;base64,${BLOB}` } }] },
      ],
    },
    { input: [{ content: [{ type: 'input_file', file_id: 'file-1' }] }] },
    { messages: [{ content: [{ type: 'document', source: { type: 'url', url: 'https://a.test' } }] }] },
    { contents: [{ parts: [{ inlineData: { mimeType: 'audio/flac', data: BLOB } }] }] },
    { contents: [{ parts: [{ fileData: { mimeType: 'video/mp4', fileUri: 'gs://a' } }] }] },
    { input: 'And?', previous_response_id: 'resp_1' },
    { input: 'And?', conversation: 'conv_1' },
    { input: 'And?', prompt: { id: 'pmpt_1' } },
  ])
    expect((await most(request)).input).toBeGreaterThan(1_048_576);
  expect((await largest({ prompt: 'Once upon a time' })).documents).toBe(0);
});

test('a recording has at most as much speech as fits into its bytes', async () => {
  const part = { type: 'input_audio', input_audio: { data: BLOB, format: 'mp3' } };
  const size = await largest({ messages: [{ content: [part] }] });
  expect(size.audioSeconds).toBe((BLOB.length * 0.75) / 1000);
  expect(size.textBytes).toBeLessThan(300);
  const form = '--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n' + 'word '.repeat(5_000);
  expect((await most(form, '/v1/audio/transcriptions')).input).toBeGreaterThan(25_000);
});

test('only a limit that the API knows limits an answer, and every answer counts', async () => {
  expect((await most({ max_tokens: 5 })).output).toBe(5);
  expect((await most({ max_output_tokens: 5 })).output).toBe(32_768);
  expect((await most({ MAX_TOKENS: 5 })).output).toBe(32_768);
  expect((await most({ max_tokens: 5 }, '/v1/responses')).output).toBe(32_768);
  expect((await most({ max_output_tokens: 5 }, '/v1/responses')).output).toBe(5);
  expect((await most({ max_completion_tokens: 5 }, '/v1/messages')).output).toBe(32_768);
  const path = '/v1beta/models/m:generateContent';
  expect((await most({ generationConfig: { maxOutputTokens: 5 } }, path)).output).toBe(5);
  expect((await most({ max_tokens: 5 }, path)).output).toBe(32_768);
  const list = { prompt: ['a', 'b', 'c'], n: 2, best_of: 4, max_tokens: 5 };
  expect((await most(list, '/v1/completions')).output).toBe(60);
  expect((await most({ ...list, prompt: [1, 2, 3] }, '/v1/completions')).output).toBe(20);
});
