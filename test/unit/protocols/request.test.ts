import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { peekRequest, type RequestPeek } from '../../../src/protocols/request.ts';
import { spliceRequest } from '../../../src/protocols/splice-request.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const peekText = (json: string, type = 'application/json'): RequestPeek => peekRequest(bytesOf(json), type);

function spliced(
  json: string,
  change: Parameters<typeof spliceRequest>[2],
  type = 'application/json',
): string {
  return textOf(Buffer.concat(spliceRequest(bytesOf(json), peekText(json, type), change)));
}

describe('the model of a JSON body', () => {
  test('is found with its stream flag', () => {
    expect(peekText('{"model":"gpt-4o","stream":true}')).toMatchObject({
      kind: 'json',
      model: 'gpt-4o',
      stream: true,
    });
    expect(peekText('{"model":"gpt-4o"}')).toMatchObject({ model: 'gpt-4o', stream: false });
    expect(peekText('{"stream":"true"}')).toMatchObject({ kind: 'json', model: undefined, stream: false });
  });

  test('is found with the wish that the answer be stored, which counts only at the top', () => {
    expect(peekText('{"model":"m","store":true}')).toMatchObject({ stores: true });
    expect(peekText('{"model":"m","st\\u006fre":true,"store":false}')).toMatchObject({ stores: false });
    expect(peekText('{"model":"m","metadata":{"store":true}}')).toMatchObject({ stores: undefined });
  });

  test('is the last where it is given twice', () => {
    expect(peekText('{"model":"a","model":"b"}')).toMatchObject({ model: 'b', ambiguous: true });
    expect(peekText('{"model":"a","\\u006dodel":"b"}')).toMatchObject({ model: 'b', ambiguous: true });
  });

  test('may have escapes, and lone surrogates that are no characters', () => {
    expect(peekText('{"model":"gpt\\u002d4o\\/x"}')).toMatchObject({ model: 'gpt-4o/x' });
    expect(peekText('{"model":"\\ud800"}')).toMatchObject({ model: '\ud800' });
  });

  test.each([
    ['{"model":1}', 'The model must be a string, but it is: number.'],
    ['{"model":null}', 'The model must be a string, but it is: null.'],
    ['{"model":{"name":"x"}}', 'The model must be a string, but it is: object.'],
    ['{"model":"x","model":[]}', 'The model must be a string, but it is: array.'],
    ['{"model":[],"model":"x"}', 'The model must be a string, but it is: array.'],
    ['{"model":""}', 'The model must not be empty.'],
    ['{"model":"a\\qb"}', 'The model is not a valid JSON string in UTF-8.'],
    ['{"model":"x","Model":"y"}', 'The member "Model" must be written "model".'],
    ['{"MODEL":"y"}', 'The member "MODEL" must be written "model".'],
  ])('is refused in %s', (json, message) => {
    expect(peekText(json)).toEqual({ kind: 'malformed', message, param: 'model' });
  });

  test('is refused where it is no UTF-8', () => {
    const body = Uint8Array.of(...bytesOf('{"model":"'), 0xff, ...bytesOf('"}'));
    expect(peekRequest(body, 'application/json')).toMatchObject({ kind: 'malformed', param: 'model' });
  });
});

describe('a body', () => {
  test('that is broken JSON is malformed, with the place', () => {
    expect(peekText('{"model":"x"')).toEqual({
      kind: 'malformed',
      message:
        "The request body is not valid JSON: expected ',' or '}' but found the end of the data at line 1, column 13 (byte 12).",
      param: undefined,
    });
  });

  test('that is JSON but no object is malformed', () => {
    expect(peekText('[1]')).toMatchObject({
      message: 'The request body must be a JSON object, but it is: array.',
    });
  });

  test.each([
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'application/ld+json',
  ])('that is JSON is read as such, though declared as %p', (type) => {
    expect(peekText(' {"model":"x"}', type)).toMatchObject({ kind: 'json', model: 'x' });
  });

  test('of white space in front of JSON does not hide its model behind another content type', () => {
    expect(peekText(`${' '.repeat(10_000)}{"model":"x"}`, 'application/octet-stream')).toMatchObject({
      model: 'x',
    });
  });

  test('that is neither JSON nor a form is left alone', () => {
    expect(peekText('', 'application/json').kind).toBe('other');
    expect(peekText('binary', 'application/octet-stream').kind).toBe('other');
    expect(peekText('{"a":1}\n{"a":2}', 'application/jsonl').kind).toBe('other');
    const body = bytesOf('binary');
    expect(spliceRequest(body, peekRequest(body, ''), { model: 'x', includeUsage: true })[0]).toBe(body);
  });
});

describe('splicing the model', () => {
  test('changes its bytes and no others', () => {
    const json = '{ "a" : 12345678901234567890, "model"\t: "alias" ,"b":1.0,"b":2e0, "t":"\\u00e9\\/" }\n';
    expect(spliced(json, { model: 'up"stream/文' })).toBe(json.replace('"alias"', '"up\\"stream/文"'));
  });

  test('returns the same object where the name is the same, or none is given', () => {
    const body = bytesOf('{"model":"x","stream":true}');
    const peek = peekRequest(body, 'application/json');
    expect(spliceRequest(body, peek, { model: 'x' })[0]).toBe(body);
    expect(spliceRequest(body, peek, {})[0]).toBe(body);
  });

  test('replaces every model that is given, even by its own name, so that no parser reads another', () => {
    const twice = '{"model":"secret","x":1,"model":"allowed"}';
    expect(spliced(twice, { model: 'up' })).toBe('{"model":"up","x":1,"model":"up"}');
    expect(spliced(twice, { model: 'allowed' })).toBe('{"model":"allowed","x":1,"model":"allowed"}');
    expect(spliced(twice, {})).toBe('{"model":"allowed","x":1,"model":"allowed"}');
  });

  test('leaves a nested model alone', () => {
    const json = '{"tools":[{"model":"inner"}],"model":"x"}';
    expect(spliced(json, { model: 'y' })).toBe('{"tools":[{"model":"inner"}],"model":"y"}');
  });

  test('keeps a byte order mark, and writes lone surrogates as escapes', () => {
    expect(spliced('\uFEFF{"model":"x"}', { model: '\ud800' })).toBe('\uFEFF{"model":"\\ud800"}');
  });

  test('does nothing to a body without a model', () => {
    expect(spliced('{"input":"x"}', { model: 'y' })).toBe('{"input":"x"}');
  });

  test('gives, for any body, the same object with another model', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => !/^(model|__proto__)$/i.test(key)),
          fc.jsonValue(),
        ),
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.constantFrom(undefined, 1, '\t'),
        (rest, before, after, indent) => {
          const json = JSON.stringify({ ...rest, model: before, tail: rest }, undefined, indent);
          const result = spliced(json, { model: after });
          expect(JSON.parse(result)).toEqual({
            ...JSON.parse(json),
            model: JSON.parse(JSON.stringify(after)),
          });
          const at = result.lastIndexOf(JSON.stringify(after));
          expect(at).toBeGreaterThan(-1);
          expect(result.length - JSON.stringify(after).length).toBe(
            json.length - JSON.stringify(before).length,
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('asking for usage', () => {
  const ask = { includeUsage: true };

  test.each([
    ['{"stream":true}', 'absent', '{"stream_options":{"include_usage":true},"stream":true}'],
    [
      '{ "stream":true,"stream_options":null}',
      'absent',
      '{ "stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      '{"stream_options":{},"stream":true}',
      'absent',
      '{"stream_options":{"include_usage":true},"stream":true}',
    ],
    [
      '{"stream_options":{"a":1},"stream":true}',
      'absent',
      '{"stream_options":{"include_usage":true,"a":1},"stream":true}',
    ],
    ['{"stream_options":{"include_usage":true},"stream":true}', 'asked', undefined],
    ['{"stream_options":{"include_usage":false},"stream":true}', 'declined', undefined],
    ['{"stream_options":{"include_usage":true,"include_usage":false},"stream":true}', 'unclear', undefined],
    ['{"stream_options":{},"stream":true,"stream_options":{}}', 'unclear', undefined],
    ['{"stream_options":"x","stream":true}', 'unclear', undefined],
    ['{"Stream_Options":{},"stream":true}', 'unclear', undefined],
  ])('in %s, where it is %s, gives %s', (json, includeUsage, expected) => {
    expect(peekText(json)).toMatchObject({ includeUsage });
    expect(spliced(json, ask)).toBe(expected ?? json);
  });

  test('is not done for a request that does not stream', () => {
    expect(spliced('{"model":"x"}', ask)).toBe('{"model":"x"}');
  });

  test('goes together with the model, whichever comes first', () => {
    expect(spliced('{"model":"x","stream":true,"stream_options":{}}', { model: 'y', ...ask })).toBe(
      '{"model":"y","stream":true,"stream_options":{"include_usage":true}}',
    );
    expect(spliced('{"stream_options":null,"stream":true,"model":"x"}', { model: 'y', ...ask })).toBe(
      '{"stream_options":{"include_usage":true},"stream":true,"model":"y"}',
    );
  });
});

describe('a multipart form', () => {
  const type = 'multipart/form-data; boundary=b0';
  const field = (name: string, value: string): string =>
    `--b0\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file = `--b0\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n\0\x01"model"\r\n\r\n`;

  test('names its model and whether it streams', () => {
    const body = `${file}${field('model', 'whisper-1')}${field('stream', 'True')}--b0--\r\n`;
    expect(peekText(body, type)).toMatchObject({ kind: 'multipart', model: 'whisper-1', stream: true });
    expect(peekText(`${file}--b0--`, type)).toMatchObject({ model: undefined, stream: false });
  });

  test('gets the upstream name, every other byte unchanged', () => {
    const body = `${file}${field('model', 'whisper-1')}--b0--\r\n`;
    expect(spliced(body, { model: 'up/文', includeUsage: true }, type)).toBe(
      body.replace('whisper-1', 'up/文'),
    );
    const bytes = bytesOf(body);
    expect(spliceRequest(bytes, peekRequest(bytes, type), { model: 'whisper-1' })[0]).toBe(bytes);
  });

  test('has every one of its models replaced where there are several', () => {
    const body = `${field('model', 'secret')}${field('model', 'allowed')}--b0--`;
    expect(peekText(body, type)).toMatchObject({ model: 'allowed', ambiguous: true });
    expect(spliced(body, { model: 'allowed' }, type)).toBe(body.replace('secret', 'allowed'));
  });

  test('has the length of the part corrected along with its model', () => {
    const body = `--b0\r\nContent-Length: 9\r\nContent-Disposition: form-data; name=model\r\n\r\nwhisper-1\r\n--b0--`;
    expect(spliced(body, { model: 'large-whisper' }, type)).toBe(
      body.replace('Length: 9', 'Length: 13').replace('whisper-1', 'large-whisper'),
    );
  });

  test('goes on with the boundary that was read', () => {
    const body = `${field('model', 'm')}--b0--`;
    const peek = peekText(body, 'multipart/form-data; x="; boundary=a;"; boundary=b0');
    expect(peek).toMatchObject({ model: 'm', contentType: 'multipart/form-data; boundary=b0' });
  });

  test('is malformed where it cannot be read, or its model is empty or no UTF-8', () => {
    expect(peekText('x', type)).toMatchObject({ kind: 'malformed', param: undefined });
    expect(peekText('x', 'multipart/form-data')).toMatchObject({ kind: 'malformed' });
    expect(peekText(`${field('model', '')}--b0--`, type)).toMatchObject({
      kind: 'malformed',
      param: 'model',
    });
    const body = Buffer.from(`${field('model', '\xff')}--b0--`, 'latin1');
    expect(peekRequest(body, type)).toMatchObject({ kind: 'malformed', param: 'model' });
  });
});

describe('a name of a model', () => {
  const type = 'multipart/form-data; boundary=b0';
  const form = (model: string): string =>
    `--b0\r\nContent-Disposition: form-data; name="model"\r\n\r\n${model}\r\n--b0--`;

  test.each(['m'.repeat(512), '文'.repeat(170)])('may have 512 bytes: %#', (model) => {
    expect(peekText(JSON.stringify({ model }))).toMatchObject({ kind: 'json', model });
    expect(peekText(form(model), type)).toMatchObject({ kind: 'multipart', model });
  });

  test.each(['m'.repeat(513), '文'.repeat(171), 'm'.repeat(5_000)])('may not have more: %#', (model) => {
    const refused = { kind: 'malformed', param: 'model', message: expect.stringContaining('512 bytes') };
    expect(peekText(JSON.stringify({ model }))).toMatchObject(refused);
    expect(peekText(form(model), type)).toMatchObject(refused);
  });
});

describe('JSON under another content type', () => {
  test('goes on as JSON where it could be read as a form', () => {
    const body = '{"model":"cheap","a":"&model=secret&b="}';
    expect(peekText(body, 'application/x-www-form-urlencoded')).toMatchObject({
      model: 'cheap',
      contentType: 'application/json',
    });
    expect(peekText(body, 'text/plain')).toMatchObject({ model: 'cheap', contentType: undefined });
  });

  test('is not read where it could be the preamble of something else', () => {
    expect(peekText('{"model":"cheap"}', 'multipart/related; boundary=b')).toMatchObject({ kind: 'other' });
  });
});
