import { describe, expect, test } from 'bun:test';
import { readClientMessage, renameModels } from '../../../src/protocols/web-socket/client-message.ts';
import { errorEvent } from '../../../src/protocols/web-socket/error-event.ts';
import { readProviderEvent } from '../../../src/protocols/web-socket/provider-event.ts';

const read = (text: string) => readClientMessage(Buffer.from(text));

describe("a client's message", () => {
  test('has its models wherever it names them, and keeps everything else when they are renamed', () => {
    const text =
      '{ "type":"session.update", "session": {"model" : "a", "audio":{"input":{"transcription":{"model":"w"}}},\n' +
      '"x":{"model":"kept"}, "input_audio_transcription":{"model":"w2"}}, "response":{"model":"a"}, "model":"ä", "n": 1.0 }';
    const bytes = Buffer.from(text);
    const message = readClientMessage(bytes);
    if (message.kind !== 'event') throw new Error(message.problem);
    expect(message.models.map(({ name, isMain }) => [name, isMain])).toEqual([
      ['a', true],
      ['w', false],
      ['w2', false],
      ['a', true],
      ['ä', true],
    ]);
    const renamed = renameModels(bytes, message.models, ({ isMain }) => (isMain ? 'new "b"' : undefined));
    expect(Buffer.from(renamed).toString()).toBe(
      text
        .replace('"a"', String.raw`"new \"b\""`)
        .replace('"a"', String.raw`"new \"b\""`)
        .replace('"ä"', String.raw`"new \"b\""`),
    );
    expect(renameModels(bytes, message.models, () => undefined)).toBe(bytes);
  });

  test.each([
    ['no JSON', '{'],
    ['no object', '[{"type":"x"}]'],
    ['no type', '{"model":"a"}'],
    ['a type that is no string', '{"type":1}'],
    ['a model twice', '{"type":"x","model":"a","model":"b"}'],
    ['a session twice', '{"type":"x","session":{},"session":{"model":"b"}}'],
    ['a model in another case', '{"type":"x","Model":"a"}'],
    ['a session in another case', '{"type":"x","SESSION":{"model":"a"}}'],
    ['an escaped model', String.raw`{"type":"x","session":{"\u006dodel":"a"}}`],
    ['a model that is a list', '{"type":"x","response":{"model":["a"]}}'],
    ['an empty model', '{"type":"x","model":""}'],
    ['a model that is too long', `{"type":"x","model":"${'a'.repeat(513)}"}`],
  ])('is malformed with %s', (_, text) => {
    expect(read(text).kind).toBe('malformed');
  });

  test('may leave the model open', () => {
    expect(read('{"type":"x","model":null,"session":null}')).toEqual({
      kind: 'event',
      type: 'x',
      models: [],
    });
  });
});

describe("a provider's event", () => {
  test('tells of a response, whatever the order of its members', () => {
    const usage = { input_tokens: 3, output_tokens: 4 };
    const ended = {
      response: { id: 'r', status: 'failed', usage, output: [{ type: 'x.delta' }] },
      type: 'response.done',
    };
    expect(readProviderEvent(JSON.stringify(ended))).toMatchObject({
      kind: 'ended',
      id: 'r',
      isFailed: true,
      usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 },
    });
    expect(readProviderEvent('{"type":"response.created","response":{"id":"r"}}')).toEqual({
      kind: 'created',
      id: 'r',
    });
    expect(readProviderEvent('{"type":"error","status":429,"error":{}}')).toEqual({
      kind: 'error',
      status: 429,
    });
  });

  test('is nothing else where it only quotes one', () => {
    const quoting = { type: 'response.output_text.delta', delta: '"response.done"' };
    expect(readProviderEvent(JSON.stringify(quoting))).toEqual({ kind: 'other' });
    const item = { type: 'conversation.item.added', item: { text: '"error"' }, response: { id: 'r' } };
    expect(readProviderEvent(JSON.stringify(item))).toEqual({ kind: 'other' });
    for (const text of ['', '{', 'null', '"response.done"', '{"type":"response.done"}'])
      expect(readProviderEvent(text)).toEqual({ kind: 'other' });
  });
});

test('an error has the shape that clients of the API read', () => {
  const error = { status: 403, type: 't', code: 'c', message: 'm', param: null, requestId: 'i' };
  const facts = { type: 't', code: 'c', message: 'm', param: null };
  expect(JSON.parse(errorEvent('realtime', error))).toEqual({
    type: 'error',
    event_id: 'event_i',
    error: facts,
  });
  expect(JSON.parse(errorEvent('responses', error))).toEqual({ type: 'error', status: 403, error: facts });
});
