import { splitElements } from '../../../src/lib/json/json-list.ts';
import { AnswerBody } from '../../../src/protocols/answer-body.ts';
import { expect, test } from 'bun:test';
import { rewriteModel, rewriteModelInEvents } from '../../../src/protocols/model-name.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

test('the model of an answer is renamed, every other byte unchanged', () => {
  const json = '{ "id":1.0, "model" : "gpt-4o-2024-08-06","choices":[{"model":"inner"}],"x":"\\u00e9" }';
  expect(textOf(rewriteModel(new AnswerBody(bytesOf(json)), 'my "model"'))).toBe(
    json.replace('"gpt-4o-2024-08-06"', '"my \\"model\\""'),
  );
});

test('so is the one within a response and within a message', () => {
  expect(
    textOf(rewriteModel(new AnswerBody(bytesOf('{"response":{"model":"a","x":{"model":"b"}}}')), 'c')),
  ).toBe('{"response":{"model":"c","x":{"model":"b"}}}');
  expect(textOf(rewriteModel(new AnswerBody(bytesOf('{"message":{"role":"x","model":"a"}}')), 'c'))).toBe(
    '{"message":{"role":"x","model":"c"}}',
  );
});

test('so is the version that Gemini names, in an answer and in the chunks of a list', () => {
  const list = '[{"candidates":[],"modelVersion":"a"}\n,{"modelVersion":"a"}';
  expect(textOf(rewriteModel(new AnswerBody(bytesOf('{"modelVersion":"a"}')), 'b'))).toBe(
    '{"modelVersion":"b"}',
  );
  expect(textOf(rewriteModelInEvents(bytesOf(list), 'b', splitElements))).toBe(list.replaceAll('"a"', '"b"'));
});

test('an answer without a model is the same object', () => {
  for (const text of ['{"id":1}', '{"model":null}', '[1]', 'text', '{"model":"cut', '']) {
    const body = bytesOf(text);
    expect(rewriteModel(new AnswerBody(body), 'x')).toBe(body);
  }
});

test('the events of a block are renamed in place, and what is no JSON is left alone', () => {
  const block =
    ': hi\n\nevent: e\r\ndata:{"model":"a"}\r\n\r\ndata: {"response":{"model":"a"}}\n\ndata: [DONE]\n\n';
  expect(textOf(rewriteModelInEvents(bytesOf(block), 'bb'))).toBe(block.replaceAll('"a"', '"bb"'));
  const view = bytesOf(`xx${block}`).subarray(2);
  expect(textOf(rewriteModelInEvents(view, 'bb'))).toBe(block.replaceAll('"a"', '"bb"'));
  const plain = bytesOf('data: [DONE]\n\n');
  expect(rewriteModelInEvents(plain, 'x')).toBe(plain);
});

test('data over several lines is left alone', () => {
  const block = bytesOf('data: {"model":\ndata: "a"}\n\n');
  expect(rewriteModelInEvents(block, 'x')).toBe(block);
});
