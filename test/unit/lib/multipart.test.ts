import { describe, expect, test } from 'bun:test';
import { formTypeOf, scanForm } from '../../../src/lib/multipart.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'));

const part = (name: string, value: string): string =>
  `--b0\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

function values(body: string, ...wanted: string[]): [string, string][] {
  const bytes = bytesOf(body);
  const scan = scanForm(bytes, 'b0', wanted);
  if (scan.kind === 'malformed') throw new Error(scan.message);
  return scan.fields.map((field) => [
    field.name,
    Buffer.from(bytes.subarray(field.valueStart, field.valueEnd)).toString(),
  ]);
}

function complaint(body: string): string {
  const scan = scanForm(bytesOf(body), 'b0', ['model']);
  return scan.kind === 'malformed' ? scan.message : 'no complaint';
}

describe('a form', () => {
  test('gives the fields that are wanted, as often as they are there', () => {
    const body = `${part('model', 'whisper-1')}${part('x', 'y')}${part('model', '文')}${part('stream', 'true')}--b0--\r\n`;
    expect(values(body, 'model', 'stream')).toEqual([
      ['model', 'whisper-1'],
      ['model', '文'],
      ['stream', 'true'],
    ]);
  });

  test('is found as the platform writes it, with a file of every byte in it', async () => {
    const form = new FormData();
    const file = Uint8Array.from({ length: 4_096 }, (_, index) => index % 256);
    form.append('file', new Blob([file, '\r\n--b0\r\n--']), 'a"b.mp3');
    form.append('model', 'whisper-1');
    const request = new Request('http://localhost/', { method: 'POST', body: form });
    const { boundary = '' } = formTypeOf(request.headers.get('content-type') ?? '') ?? {};
    const bytes = new Uint8Array(await request.arrayBuffer());
    const scan = scanForm(bytes, boundary, ['model']);
    expect(scan.kind === 'form' && scan.fields).toHaveLength(1);
    const [field] = scan.kind === 'form' ? scan.fields : [];
    expect(new TextDecoder().decode(bytes.subarray(field?.valueStart, field?.valueEnd))).toBe('whisper-1');
  });

  test('may have a preamble, an epilogue, and other headers', () => {
    const body =
      'preamble\r\n--b0\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION:form-data ; name=model\r\n\r\nm\r\n--b0--\r\nend';
    expect(values(body, 'model')).toEqual([['model', 'm']]);
  });

  test('may have empty values, and values with line breaks', () => {
    expect(values(`${part('model', '')}${part('prompt', 'a\r\n\r\nb')}--b0--`, 'model', 'prompt')).toEqual([
      ['model', ''],
      ['prompt', 'a\r\n\r\nb'],
    ]);
  });

  test('hides no name behind quotes, or a file name that looks like one', () => {
    const named = (disposition: string): string =>
      `--b0\r\nContent-Disposition: ${disposition}\r\n\r\nm\r\n--b0--`;
    expect(values(named('form-data; name=model;'), 'model')).toEqual([['model', 'm']]);
    expect(values(named('form-data; name="x"; filename="; name=\\"model\\""'), 'model')).toEqual([]);
  });
});

describe('a form is refused', () => {
  const disposition = 'Content-Disposition: form-data; name="model"';

  test.each([
    ['without its boundary', 'model=x', 'the boundary does not occur'],
    ['cut off', part('model', 'm'), 'the closing boundary is missing'],
    ['without parts', '--b0--\r\n', 'the form has no parts'],
    ['with lines that end in LF', part('model', 'm').replaceAll('\r', '') + '--b0--', 'must end in CRLF'],
    ['with LF before a boundary', `${part('x', 'y').slice(0, -2)}\n--b0--`, 'must begin a line after CRLF'],
    ['with the boundary within a line', `${part('x', 'y --b0 z')}--b0--`, 'must begin a line after CRLF'],
    [
      'with parts behind its end',
      `${part('x', 'y')}--b0--\r\n${part('model', 'm')}--b0--`,
      'after the closing',
    ],
    ['with a part that has no headers', '--b0\r\n\r\nm\r\n--b0--', 'do not end in an empty line'],
    ['with a part that begins with an empty line', '--b0\r\n\r\nm\r\n\r\nx\r\n--b0--', 'broken header line'],
    ['with a part that has nothing', '--b0\r\n--b0--', 'do not end in an empty line'],
    [
      'with headers and no content',
      `--b0\r\n${disposition}\r\n\r\n--b0--`,
      'must follow after an empty line',
    ],
    [
      'with a folded header',
      `--b0\r\nContent-Disposition: form-data;\r\n name="model"\r\n\r\nm\r\n--b0--`,
      'broken header',
    ],
    ['with a lone LF in a header', `--b0\r\nX: a\n${disposition}\r\n\r\nm\r\n--b0--`, 'broken header'],
    [
      'with a field described twice',
      `--b0\r\n${disposition}\r\n${disposition}\r\n\r\nm\r\n--b0--`,
      'two Content-Disposition',
    ],
    [
      'with a field that has two names',
      `--b0\r\n${disposition}; name=x\r\n\r\nm\r\n--b0--`,
      'cannot be read',
    ],
    [
      'with an encoded name',
      "--b0\r\nContent-Disposition: form-data; name*=utf-8''model\r\n\r\nm\r\n--b0--",
      'encodes its name',
    ],
    ['with no name', '--b0\r\nContent-Disposition: form-data\r\n\r\nm\r\n--b0--', 'has no name'],
    [
      'with an attachment',
      '--b0\r\nContent-Disposition: attachment; name=model\r\n\r\nm\r\n--b0--',
      'not form-data',
    ],
    [
      'with an open quote',
      '--b0\r\nContent-Disposition: form-data; name="model\r\n\r\nm\r\n--b0--',
      'cannot be read',
    ],
    ['with a model in a file', `--b0\r\n${disposition}; filename=a\r\n\r\nm\r\n--b0--`, 'must be plain text'],
    [
      'with an encoded model',
      `--b0\r\n${disposition}\r\nContent-Transfer-Encoding: base64\r\n\r\nbQ==\r\n--b0--`,
      'plain text',
    ],
    [
      'with endless headers',
      `--b0\r\nX: ${'a'.repeat(20_000)}\r\n${disposition}\r\n\r\nm\r\n--b0--`,
      'too long',
    ],
    ['with padding behind a boundary', `${part('x', 'y').replace('b0', 'b0 ')}--b0--`, 'must end in CRLF'],
    ['with an end that goes on', `${part('model', 'm')}--b0--x`, 'must end its line'],
    ['with a name that is escaped', `${part('mo\\del', 'm')}--b0--`, 'holds a backslash'],
    ['with another spelling', `${part('Model', 'm')}--b0--`, 'must be written like'],
    ['with a list', `${part('model[]', 'm')}--b0--`, 'must be written like'],
    [
      'with a name in two parts',
      '--b0\r\nContent-Disposition: form-data; name*0=mo; name*1=del\r\n\r\nm\r\n--b0--',
      'encodes its name',
    ],
    [
      'with another character set',
      `--b0\r\n${disposition}\r\nContent-Type: text/plain; charset=utf-7\r\n\r\nm\r\n--b0--`,
      'plain text',
    ],
    [
      'with a length that is not its own',
      `--b0\r\n${disposition}\r\nContent-Length: 12\r\n\r\nm\r\n--b0--`,
      'Content-Length is not its length',
    ],
    ['with a great many parts', `${part('x', '').repeat(1_001)}--b0--`, 'more than 1000 parts'],
    ['with a model without end', `${part('model', 'm').repeat(101)}--b0--`, 'repeated too often'],
  ])('%s', (_, body, problem) => {
    expect(complaint(body)).toContain(problem);
  });
});

describe('the content type of a form', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc', undefined],
    [
      'multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW',
      '----WebKitFormBoundary7MA4YWxkTrZu0gW',
      undefined,
    ],
    [
      'Multipart/Form-Data; charset=utf-8; Boundary="a b:c"',
      'a b:c',
      'multipart/form-data; boundary="a b:c"; charset=utf-8',
    ],
    ['multipart/form-data;boundary=a=_b;', 'a=_b', 'multipart/form-data; boundary="a=_b"'],
    ['multipart/form-data; x="; boundary=a;"; boundary=b', 'b', 'multipart/form-data; boundary=b'],
    ['multipart/form-data; x="\\"; boundary=a; y=\\""; boundary=b', 'b', 'multipart/form-data; boundary=b'],
  ])('%s', (contentType, boundary, sent) => {
    expect(formTypeOf(contentType)).toEqual({ boundary, contentType: sent ?? contentType });
  });

  test.each([
    'multipart/form-data',
    'multipart/mixed; boundary=a',
    'multipart/form-data-x; boundary=a',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="a;b"',
    'multipart/form-data; boundary="a ',
    'multipart/form-data; boundary=a; boundary=b',
    'multipart/form-data; boundary=a; BOUNDARY=a',
    'multipart/form-data; boundary=a, multipart/form-data; boundary=b',
    'multipart/form-data; boundary=a,multipart/form-data',
    "multipart/form-data; boundary=a; boundary*=utf-8''b",
    'multipart/form-data; boundary=a; boundary*0=b',
    'multipart/form-data; boundary="a"b; boundary=b',
    'multipart/form-data; boundary=a b',
    'multipart/form-data; boundary = a',
    `multipart/form-data; boundary=${'a'.repeat(71)}`,
    `multipart/form-data; boundary=a${';'.repeat(20)}`,
  ])('is refused where it could be read in two ways: %s', (contentType) => {
    expect(formTypeOf(contentType)).toBeUndefined();
  });
});
