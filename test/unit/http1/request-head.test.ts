import { describe, expect, test } from 'bun:test';
import { parseRequestHead } from '../../../src/http1/request-head.ts';

const LINE = 'POST /v1/chat/completions HTTP/1.1';
const FIELDS = ['Host: gateway', 'Content-Length: 12'];

function head(line: string, ...fields: string[]): string {
  return [line, ...fields].join('\r\n');
}

test('reads a plain request', () => {
  const read = parseRequestHead(head(LINE, ...FIELDS, 'Authorization:  Bearer key ', 'Accept: */*'));
  expect(read).toMatchObject({
    path: '/v1/chat/completions',
    search: '',
    contentLength: 12,
    isLast: false,
  });
  expect({ ...read?.headers.toJSON() }).toEqual({
    host: 'gateway',
    'content-length': '12',
    authorization: 'Bearer key',
    accept: '*/*',
  });
});

test('reads the query and whether the connection closes', () => {
  const read = parseRequestHead(head('POST /v1/messages?beta=true HTTP/1.1', ...FIELDS, 'Connection: Close'));
  expect(read).toMatchObject({ path: '/v1/messages', search: '?beta=true', isLast: true });
});

describe('reads the target', () => {
  const targets: readonly (readonly [line: string, read: object])[] = [
    ['GET /v1/models', { method: 'GET', path: '/v1/models', search: '', contentLength: 0 }],
    ['GET /v1/models?limit=2&a', { path: '/v1/models', search: '?limit=2&a' }],
    ['GET /healthz', { path: '/healthz' }],
    ['GET /v1/responses/resp_0A.b-c:d', { path: '/v1/responses/resp_0A.b-c:d' }],
    ['POST /v1/v1/messages', { method: 'POST', path: '/v1/messages', azure: undefined }],
    ['POST /openai/v1/embeddings', { path: '/v1/embeddings', azure: undefined }],
    [
      'POST /openai/deployments/gpt-4.1_x/chat/completions?api-version=2024-10-21',
      { path: '/v1/chat/completions', search: '?api-version=2024-10-21', azure: { deployment: 'gpt-4.1_x' } },
    ],
    [
      'POST /v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
      { path: '/v1beta/models/gemini-2.5-pro:streamGenerateContent', search: '?alt=sse' },
    ],
  ];
  test.each(targets)('of %s', (line, read) => {
    const fields = line.startsWith('GET') ? ['Host: gateway'] : FIELDS;
    expect(parseRequestHead(head(`${line} HTTP/1.1`, ...fields))).toMatchObject(read);
  });
});

describe('leaves to the runtime', () => {
  const unusual: readonly (readonly [what: string, text: string])[] = [
    ['another method', head('PUT /v1/chat/completions HTTP/1.1', ...FIELDS)],
    ['HEAD', head('HEAD /v1/models HTTP/1.1', 'Host: gateway')],
    ['a GET with a length', head('GET /v1/models HTTP/1.1', ...FIELDS)],
    ['a GET with a length of 0', head('GET /v1/models HTTP/1.1', 'Host: gateway', 'Content-Length: 0')],
    ['a GET with an empty length', head('GET /v1/models HTTP/1.1', 'Host: gateway', 'Content-Length:')],
    ['a POST with an empty length', head(LINE, 'Host: gateway', 'Content-Length:')],
    ['another version', head('POST /v1/chat/completions HTTP/1.0', ...FIELDS)],
    ['the root', head('GET / HTTP/1.1', 'Host: gateway')],
    ['no target', head('GET  HTTP/1.1', 'Host: gateway')],
    ['a dot segment', head('POST /v1/../v1/messages HTTP/1.1', ...FIELDS)],
    ['a single dot', head('POST /v1/./messages HTTP/1.1', ...FIELDS)],
    ['a dot segment at the end', head('POST /v1/messages/.. HTTP/1.1', ...FIELDS)],
    ['a segment that begins with a dot', head('POST /v1/.messages HTTP/1.1', ...FIELDS)],
    ['an escaped dot segment', head('POST /v1/%2e%2e/messages HTTP/1.1', ...FIELDS)],
    ['a doubled slash', head('POST /v1//messages HTTP/1.1', ...FIELDS)],
    ['two slashes in front', head('POST //other/v1/messages HTTP/1.1', ...FIELDS)],
    ['a slash at the end', head('POST /v1/messages/ HTTP/1.1', ...FIELDS)],
    ['a backslash', head('POST /v1\\messages HTTP/1.1', ...FIELDS)],
    ['a parameter of a segment', head('POST /v1/messages;a=b HTTP/1.1', ...FIELDS)],
    ['a second question mark', head('POST /v1/messages?a?b HTTP/1.1', ...FIELDS)],
    ['a fragment', head('POST /v1/messages#a HTTP/1.1', ...FIELDS)],
    ['a plus in the query', head('GET /v1/models?a=b+c HTTP/1.1', 'Host: gateway')],
    ['an escape in the path', head('POST /v1/chat%2fcompletions HTTP/1.1', ...FIELDS)],
    ['an escape in the query', head('POST /v1/messages?key=%61 HTTP/1.1', ...FIELDS)],
    ['the absolute form', head('POST http://gateway/v1/messages HTTP/1.1', ...FIELDS)],
    ['two spaces', head('POST  /v1/messages HTTP/1.1', ...FIELDS)],
    ['no host', head(LINE, 'Content-Length: 12')],
    ['no length', head(LINE, 'Host: gateway')],
    ['a signed length', head(LINE, 'Host: gateway', 'Content-Length: +12')],
    ['two lengths', head(LINE, ...FIELDS, 'Content-Length: 12')],
    ['two lengths in one', head(LINE, 'Host: gateway', 'Content-Length: 12, 12')],
    ['two hosts', head(LINE, ...FIELDS, 'Host: other')],
    ['chunks', head(LINE, ...FIELDS, 'Transfer-Encoding: chunked')],
    ['an upgrade', head(LINE, ...FIELDS, 'Upgrade: websocket')],
    ['an expectation', head(LINE, ...FIELDS, 'Expect: 100-continue')],
    ['a compressed body', head(LINE, ...FIELDS, 'Content-Encoding: gzip')],
    ['a page', head(LINE, ...FIELDS, 'Origin: https://page.example')],
    ['another connection option', head(LINE, ...FIELDS, 'Connection: x-secret')],
    ['a space before the colon', head(LINE, ...FIELDS, 'X-A : b')],
    ['a space before the name', head(LINE, ...FIELDS, ' X-A: b')],
    ['a folded line', head(LINE, ...FIELDS, 'X-A: b', '\tc')],
    ['a line without a colon', head(LINE, ...FIELDS, 'X-A')],
    ['an empty name', head(LINE, ...FIELDS, ': b')],
    ['a bare line feed', head(LINE, ...FIELDS, 'X-A: b\nX-B: c')],
    ['a bare carriage return', head(LINE, ...FIELDS, 'X-A: b\rX-B: c')],
    ['a NUL', head(LINE, ...FIELDS, 'X-A: \0')],
    ['a space that only Unicode knows', head(LINE, ...FIELDS, 'X-A: b\u00a0')],
    ['a vertical tab at the end', head(LINE, ...FIELDS, 'X-A: b\v')],
    ['a byte above ASCII', head(LINE, ...FIELDS, 'X-A: \u00e9')],
    ['the name of a prototype', head(LINE, ...FIELDS, '__proto__: b')],
    ['a member of every object', head(LINE, ...FIELDS, 'constructor: b')],
    ['too many fields', head(LINE, ...FIELDS, ...Array.from({ length: 99 }, (_, at) => `X-${at}: b`))],
    ['nothing', ''],
  ];
  test.each(unusual)('%s', (_, text) => {
    expect(parseRequestHead(text)).toBeUndefined();
  });
});
