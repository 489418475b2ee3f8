import { describe, expect, test } from 'bun:test';
import { envelopeOf, openEnvelope } from '../../../src/translation/envelope.ts';
import { createFreeformText, formOf } from '../../../src/translation/freeform-text.ts';
import { callIdFor, idWithSignature, splitSignature } from '../../../src/translation/ids.ts';
import { parseJson, writeJson } from '../../../src/translation/json.ts';
import { sourceSlices } from '../../../src/translation/json-slices.ts';
import { createLossList, lossHeader } from '../../../src/translation/losses.ts';
import { urlSource } from '../../../src/translation/media.ts';
import { claudeFamily } from '../../../src/translation/models/claude.ts';
import { dialectOf } from '../../../src/translation/models/dialects.ts';
import { openAiApi, openAiFacts } from '../../../src/translation/models/openai.ts';
import { anthropicFormatSchema, fromOpenApi, isStrictSchema } from '../../../src/translation/schema.ts';

describe('models', () => {
  test.each([
    ['claude-sonnet-5-5', 128_000, 'none', 'between_tools'],
    ['anthropic/claude-opus-4.1', 32_000, 'one', 'disabled'],
    ['claude-sonnet-4@20250514', 64_000, 'one', 'disabled'],
    ['eu.anthropic.claude-3-5-haiku-20241022-v1:0', 8192, 'one', 'disabled'],
    ['claude-3-haiku-20240307', 4096, 'one', 'disabled'],
    ['claude-mythos-5-1', 128_000, 'none', 'never'],
    ['claude-next', 8192, 'none', 'never'],
    ['kimi-k3', 8192, 'all', 'disabled'],
  ])('%s', (model, maxOutput, sampling, off) => {
    expect(claudeFamily(model, undefined)).toMatchObject({ maxOutput, sampling, off });
  });

  test('carriers accept less, and the route takes precedence', () => {
    expect(claudeFamily('claude-opus-4-5', 'bedrock')).toMatchObject({
      json: true,
      strict: true,
      midSystem: false,
    });
    expect(claudeFamily('claude-opus-4-8', 'bedrock')).toMatchObject({
      json: false,
      strict: false,
      midSystem: false,
    });
    expect(claudeFamily('claude-haiku-4-5', 'bedrock')).toMatchObject({ json: false, strict: true });
    expect(claudeFamily('claude-opus-4-5', 'vertex', { json: true })).toMatchObject({
      json: true,
      strict: false,
    });
  });

  test.each([
    ['o3-mini', true, 'chat'],
    ['gpt-4.1', false, 'chat'],
    ['openai/gpt-5.4', true, 'responses'],
    ['gpt-5-3-mini', true, 'chat'],
    ['gpt-5-20260101', true, 'chat'],
    ['gpt-5-chat-latest', false, 'chat'],
    ['gpt-5-1-codex-max', true, 'responses'],
    ['gpt-5-pro', true, 'responses'],
    ['gpt-12', true, 'responses'],
    ['my-deployment', undefined, 'chat'],
  ] as const)('%s', (model, reasons, api) => {
    expect([openAiFacts(model).reasons, openAiApi(model, true)]).toEqual([reasons, api]);
  });

  test('hosts have dialects', () => {
    expect(dialectOf('x.openai.azure.com', undefined)).toBe('azure');
    expect(dialectOf('openrouter.ai', 443)).toBe('openrouter');
    expect([dialectOf('localhost', 11_434), dialectOf('gpu', 8000)]).toEqual(['ollama', 'generic']);
  });
});

describe('seals and ids', () => {
  test.each([
    [{ origin: 'anthropic', provider: 'p', payload: 'Sig=' }, false],
    [{ origin: 'anthropic', provider: 'p', payload: 'RED' }, true],
    [{ origin: 'openai', provider: 'ü', payload: 'gAAA', itemId: 'rs_1' }, false],
    [{ origin: 'gemini', provider: '', payload: 'a+b/c==' }, false],
  ] as const)('%j comes out of its envelope again', (seal, redacted) => {
    const envelope = envelopeOf(seal, redacted);
    expect(openEnvelope(envelope ?? '')).toMatchObject({ seal, redacted });
  });

  test('other texts do not open as envelopes, and envelopes that are too long are not made', () => {
    for (const text of ['', 'llmp1.', 'llmp1.xx.e30', 'llmp1.an.%%%', 'llmp1.an.e30'])
      expect(openEnvelope(text)).toBeUndefined();
    expect(envelopeOf({ origin: 'gemini', provider: 'p', payload: 'x'.repeat(70_000) })).toBeUndefined();
  });

  test('a signature survives in an id', () => {
    expect(idWithSignature('c', 'a+b/c==')).toBe('c__ts1_a-b_c');
    expect(splitSignature('c__ts1_a-b_cd')).toEqual({ id: 'c', signature: 'a+b/cd==' });
    expect(splitSignature('a__ts1_b__ts1_abcd')).toEqual({ id: 'a__ts1_b', signature: 'abcd' });
    expect(idWithSignature('c', 'x'.repeat(17_000))).toBe('c');
    expect(callIdFor('x'.repeat(41), 'chat')).toMatch(/^call_\w{11}$/);
  });
});

describe('JSON', () => {
  test('slices are verbatim, whatever surrounds them', () => {
    const text =
      ' { "a\\u0062" : 1, "list": [ {"x": {"k" : [1, "}\\"]"] } }, 7, {"y":0,"x":-1.50e3} , {"x":"s"}] }';
    expect([...sourceSlices(text, ['list', '*', 'x'])]).toEqual([
      ['0', '{"k" : [1, "}\\"]"] }'],
      ['2', '-1.50e3'],
      ['3', '"s"'],
    ]);
    expect([...sourceSlices('{"\\u006c": [1 , 2]}', ['l', '*'])]).toEqual([
      ['0', '1'],
      ['1', '2'],
    ]);
  });

  test('numbers that a double cannot hold are written verbatim', () => {
    const text = '{"a":[18446744073709551615,-0.10000000000000000001],"b":1.5,"c":"1234567890123456789"}';
    expect(writeJson(parseJson(text))).toBe(text);
  });

  test('numbers beyond a double survive, however they are written', () => {
    const text = '{"a":1e400,"b":-1E-400,"c":[2e999,0.1]}';
    expect(writeJson(parseJson(text))).toBe(text);
  });

  test.each([
    '-1.1920928955078125e-07',
    '1.0000000000000000',
    '0.00000000000000012345',
    '10000000000000000000000',
  ])('%s, which a double holds, is a number', (text) => {
    expect(parseJson(`[${text}]`)).toEqual([Number(text)]);
  });
});

describe('schemas', () => {
  const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
  test('keywords that the decoder refuses move into the description', () => {
    const schema = object({
      n: { type: 'integer', minimum: 0, description: 'N' },
      s: { type: 'string', pattern: '^a', format: 'regex' },
    });
    expect(anthropicFormatSchema(schema)).toEqual({
      changed: true,
      schema: object(
        {
          n: { type: 'integer', description: 'N\nminimum: 0' },
          s: { type: 'string', description: 'pattern: ^a; format: regex' },
        },
        { additionalProperties: false },
      ),
    });
  });

  test('a property may have the name of a keyword', () => {
    const schema = object(
      { pattern: { type: 'string' }, not: { type: 'string' } },
      { required: ['pattern', 'not'], additionalProperties: false },
    );
    expect(anthropicFormatSchema(schema)).toEqual({ schema, changed: false });
  });

  test.each([
    ['an open object', object({ a: { type: 'object' } })],
    ['a map', object({ a: object({}, { additionalProperties: { type: 'string' } }) })],
    [
      'a circle',
      object({ a: { $ref: '#/$defs/n' } }, { $defs: { n: object({ next: { $ref: '#/$defs/n' } }) } }),
    ],
    ['itself', object({ a: { $ref: '#' } })],
    [
      'eleven optional properties',
      object(Object.fromEntries('abcdefghijk'.split('').map((name) => [name, {}]))),
    ],
  ])('%s has no native form', (_what, schema) => {
    expect(anthropicFormatSchema(schema)).toBeUndefined();
  });

  test('a definition that is used twice is not a cycle', () => {
    const n = object({}, { additionalProperties: false });
    const schema = object(
      { a: { $ref: '#/$defs/n' }, b: { $ref: '#/$defs/n' } },
      { required: ['a', 'b'], additionalProperties: false, $defs: { n } },
    );
    expect(anthropicFormatSchema(schema)?.changed).toBe(false);
  });

  test('a strict schema is closed and requires everything; Gemini’s types become lower case', () => {
    const strict = object({ a: { type: 'string' } }, { required: ['a'], additionalProperties: false });
    expect([isStrictSchema(strict), isStrictSchema(object({ b: object({}) }))]).toEqual([true, false]);
    expect(
      fromOpenApi({ type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true, format: 'enum' } } }),
    ).toEqual(object({ a: { type: ['string', 'null'] } }));
  });
});

describe('other helpers', () => {
  test('a data URL that is not base64 is converted', () => {
    expect(urlSource('data:text/plain;charset=utf-8,a%20%C3%A7')).toEqual({
      mediaType: 'text/plain',
      source: { kind: 'bytes', data: btoa('a \u00C3\u00A7') },
    });
    expect(urlSource('data:image/JPG;base64,AAAA')).toEqual({
      mediaType: 'image/jpeg',
      source: { kind: 'bytes', data: 'AAAA' },
    });
  });

  test('the input of a freeform tool is extracted from its JSON, cut anywhere', () => {
    const input = 'a "b"\n\\ é 😀 /';
    for (const json of [
      JSON.stringify({ input }),
      ` { "input" : ${JSON.stringify(input).replace('é', '\\u00e9')} }`,
    ]) {
      for (let at = 0; at <= json.length; at++) {
        const text = createFreeformText();
        expect(text.push(json.slice(0, at)) + text.push(json.slice(at))).toBe(input);
      }
    }
    const other = createFreeformText();
    expect(other.push('{"cmd":"x"}')).toBe('{"cmd":"x"}');
    const losses = createLossList();
    const place = { losses, path: 'output[0]' };
    for (const json of ['{"input":"a"}', '{"input":"a","more":1}', '{"input":"a'])
      expect(formOf('freeform', json, place)).toEqual({ form: 'freeform', arguments: 'a' });
    expect(losses.all()).toEqual([]);
    const given = '{"cmd":"b","input":"a"}';
    expect(formOf('freeform', given, place)).toEqual({ form: 'freeform', arguments: given });
    expect(losses.all()).toMatchObject([{ what: 'approximated', path: 'output[0]' }]);
  });

  test('losses of one form are counted, and so are those that do not fit', () => {
    const list = createLossList();
    for (let index = 0; index < 3; index++) list.dropped(`messages[${index}].name`, '');
    list.dropped('seed', '');
    list.dropped('seed', '');
    list.repaired('messages[1]; x=,\n', '');
    const told = () => Buffer.from(lossHeader('a>b', list.all(), list.count()), 'latin1').toString();
    expect(told()).toBe('a>b; dropped=messages[*].name×3,seed; repaired=messages[1]__x___');
    for (let index = 0; index < 900; index++) list.approximated(`some.rather.long.field.number${index}`, '');
    const header = told();
    expect(header).toMatch(/…\+\d+$/);
    expect(header.length).toBeLessThan(1100);
    list.meaning('late', '');
    expect(list.refusing('warn')?.path).toBe('late');
  });
});
