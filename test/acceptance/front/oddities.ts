import type { Draft } from './draft.ts';

type Oddity = (draft: Draft, dice: () => number) => void;

/** Whole requests, for bodies and gaps in which a confused parser would find them. */
export const HIDDEN =
  'POST /v1/chat/completions HTTP/1.1\r\nHost: hidden\r\nAuthorization: Bearer mk-front-1234\r\nContent-Length: 30\r\n\r\n{"model":"m","user":"hidden!"}';

/** Texts that parsers disagree about. */
export const TOKENS: readonly string[] = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '\n\n',
  '\r\r\n',
  '\0',
  ' ',
  '\t',
  '\x0b',
  '\x0c',
  '\x85',
  '\xa0',
  '\xff',
  ':',
  ',',
  ';',
  '"',
  '0\r\n\r\n',
  '0\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  '\r\nTransfer-Encoding: chunked',
  '\nContent-Length: 3',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  'HTTP/1.1',
  'HTTP/1.0',
  'GET /healthz HTTP/1.1\r\n\r\n',
  HIDDEN,
];

function has(...fields: string[]): Oddity {
  return (draft) => draft.fields.push(...fields);
}

function framed(...lines: string[]): Oddity {
  return (draft) => {
    draft.framing = lines;
  };
}

/** The length that fits, written in another way. */
function lengthAs(write: (length: number) => readonly string[]): Oddity {
  return (draft) => {
    draft.framing = [...write(draft.body.length)];
  };
}

function chunked(field: string, body: (text: string) => string, ...more: string[]): Oddity {
  return (draft) => {
    draft.framing = [field, ...more];
    draft.body = body(draft.body);
  };
}

const hex = (text: string): string => text.length.toString(16);
const oneChunk = (text: string): string => `${hex(text)}\r\n${text}\r\n0\r\n\r\n`;
const half = (text: string): string => text.slice(0, text.length >> 1);
const rest = (text: string): string => text.slice(text.length >> 1);
const CHUNKED = 'Transfer-Encoding: chunked';

const lines: readonly Oddity[] = [
  ...['GET', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE', 'CONNECT', 'PRI', 'post', 'POSTS', 'P\tST', ''].map(
    (method): Oddity =>
      (draft) => {
        draft.method = method;
      },
  ),
  ...[
    '/v1/chat/completions/',
    '//v1/chat/completions',
    '/v1/./chat/completions',
    '/v1/x/../chat/completions',
    '/v1/chat%2fcompletions',
    '/v1/chat/completions%00',
    '/v1/chat/completions?a=%20b',
    '/v1/chat/completions?',
    '/v1/chat/completions#x',
    '/v1/chat/completions;x=y',
    '\\v1\\chat\\completions',
    'http://gateway.test/v1/chat/completions',
    'http://other.test/v1/chat/completions',
    '*',
    'v1/chat/completions',
    '/v1/chat/completions x',
    '/v1/chat/complet\xeaons',
    '/v1/models',
    '/v1/models/m',
    '/v1/v1/chat/completions',
    '/v1/chat/completions:x.y',
    '/v1/.chat/completions',
    '/v1/chat/..completions',
    '/openai/deployments/m%2fx/chat/completions',
    '/openai/deployments//chat/completions',
    '/openai/deployments/../v1/chat/completions',
    '/v1beta/models/../chat/completions',
    '/v1beta/models/m:generateContent/',
    '/v1beta/models/m%3AgenerateContent',
    '/v1/key',
    '/v1/keys/x',
    '/healthz',
    '/metrics',
    '/admin/v1/keys',
  ].map((target): Oddity => (draft) => {
    draft.target = target;
  }),
  ...[
    'HTTP/1.0',
    'HTTP/0.9',
    'HTTP/2.0',
    'HTTP/1.2',
    'http/1.1',
    'HTTP/1.1 ',
    'HTTP/1.10',
    'HTTP/01.1',
    '',
  ].map((version): Oddity => (draft) => {
    draft.version = version;
  }),
  ...['\n', '\r', '\r\r\n', ' \r\n', '\n\r'].map((eol): Oddity => (draft) => {
    draft.eol = eol;
  }),
];

/** GETs without a body, some of which the gateway answers itself. */
const reads: readonly Oddity[] = [
  '/v1/models',
  '/v1beta/models',
  '/v1/models/m',
  '/healthz',
  '/readyz',
  '/health',
  '/metrics',
  '/v1/key',
  '/v1/files/file-2',
].map((target): Oddity => (draft) => {
  draft.method = 'GET';
  draft.target = target;
  draft.body = '';
  draft.framing = [];
});

const fields: readonly Oddity[] = [
  has('Host: other.test'),
  (draft) => draft.fields.shift(),
  has('X-Folded: a', '\tb'),
  has('X-Folded: a', ' Content-Length: 3'),
  has(' X-Led: a'),
  has('X-Space : a'),
  has('Content-Length : 3'),
  has('X-Tab\t: a'),
  has(': no name'),
  has('no colon'),
  has('X-Nul: a\0b'),
  has('X-Cr: a\rb'),
  has('X-Lf: a\nContent-Length: 3'),
  has('X-Cr: a\rTransfer-Encoding: chunked'),
  has('X-Latin: \xe9'),
  has('X-N\xe9me: a'),
  has('X(Y): a'),
  has('__proto__: a'),
  has('constructor: a', 'toString: b', 'hasOwnProperty: c'),
  has('Authorization: Bearer other'),
  has('authorization: Bearer mk-front-1234'),
  has('Content-Type: text/plain'),
  has('Content-Encoding: gzip'),
  has('Expect: 100-continue'),
  has('Expect: 100-Continue, other'),
  has('Connection: close'),
  has('Connection: keep-alive, close'),
  has('Connection: x-case'),
  has('Connection: content-length'),
  has('Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
  has(
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ),
  has('Proxy-Connection: keep-alive'),
  has('Keep-Alive: timeout=5'),
  has('TE: trailers', 'Trailer: x-late'),
  has('Origin: https://page.example'),
  has('X-Forwarded-For: 203.0.113.9'),
  (draft, dice) => draft.fields.push(`X-Long: ${'x'.repeat(Math.floor(dice() * 20_000))}`),
  (draft, dice) =>
    draft.fields.push(...Array.from({ length: Math.floor(dice() * 130) }, (_, at) => `X-${at}: y`)),
];

const framings: readonly Oddity[] = [
  lengthAs((length) => [`Content-Length: ${length - 1}`]),
  lengthAs((length) => [`Content-Length: ${length + 1}`]),
  lengthAs((length) => [`Content-Length: ${length - 20}`]),
  lengthAs((length) => [`Content-Length: +${length}`]),
  lengthAs((length) => [`Content-Length: -${length}`]),
  lengthAs((length) => [`Content-Length: 0${length}`]),
  lengthAs((length) => [`Content-Length: 0x${length.toString(16)}`]),
  lengthAs((length) => [`Content-Length: ${length}.0`]),
  lengthAs((length) => [`Content-Length: ${length}e0`]),
  lengthAs((length) => [`Content-Length: ${length},`]),
  lengthAs((length) => [`Content-Length: ${length}, ${length}`]),
  lengthAs((length) => [`Content-Length: ${length} ${length}`]),
  lengthAs((length) => [`Content-Length: "${length}"`]),
  lengthAs((length) => [`Content-Length:\x0b${length}`]),
  lengthAs((length) => [`Content-Length: ${length}\xa0`]),
  lengthAs((length) => [`Content-Length: ${length}\0`]),
  lengthAs((length) => [`Content-Length:${length}`]),
  lengthAs((length) => [`CONTENT-LENGTH:\t${length}\t`]),
  lengthAs((length) => [`Content_Length: ${length}`]),
  lengthAs((length) => [`Content-Length: ${length}`, `Content-Length: ${length}`]),
  lengthAs((length) => [`Content-Length: ${length}`, 'Content-Length: 0']),
  lengthAs((length) => ['Content-Length: 0', `Content-Length: ${length}`]),
  lengthAs((length) => [`Content-Length: ${length}`, 'Content-Length:']),
  framed(),
  framed('Content-Length:'),
  framed('Content-Length: 0'),
  framed('Content-Length: 999999999999'),
  framed('Content-Length: 18446744073709551617'),
  framed('Content-Length: 1e9'),
  framed('Transfer-Encoding: identity'),
  chunked(CHUNKED, oneChunk),
  chunked(
    CHUNKED,
    (text) => `${hex(half(text))}\r\n${half(text)}\r\n${hex(rest(text))}\r\n${rest(text)}\r\n0\r\n\r\n`,
  ),
  chunked(CHUNKED, (text) => `${hex(text)};a=b\r\n${text}\r\n0\r\n\r\n`),
  chunked(CHUNKED, (text) => `000${hex(text)}\r\n${text}\r\n000\r\n\r\n`),
  chunked(CHUNKED, (text) => `${hex(text)} \r\n${text}\r\n0\r\n\r\n`),
  chunked(CHUNKED, (text) => `0x${hex(text)}\r\n${text}\r\n0\r\n\r\n`),
  chunked(CHUNKED, (text) => `+${hex(text)}\r\n${text}\r\n0\r\n\r\n`),
  chunked(CHUNKED, (text) => `${hex(text)}\n${text}\n0\n\n`),
  chunked(CHUNKED, (text) => `${hex(text)}\r\n${text}0\r\n\r\n`),
  chunked(CHUNKED, (text) => `${hex(text)}\r\n${text}\r\n0\r\nX-Late: a\r\n\r\n`),
  chunked(CHUNKED, (text) => `${hex(text)}\r\n${text}\r\n0\r\nContent-Length: 5\r\n\r\n`),
  chunked(CHUNKED, (text) => `ffffffffffffffff1\r\n${text}\r\n0\r\n\r\n`),
  chunked(CHUNKED, (text) => `${oneChunk(text)}${HIDDEN}`),
  ...[
    'Transfer-Encoding: Chunked',
    'Transfer-Encoding:chunked',
    'Transfer-Encoding: chunked ',
    'Transfer-Encoding:\tchunked',
    'Transfer-Encoding: \x0bchunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: identity, chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: chunked, chunked',
    'Transfer-Encoding: "chunked"',
    'Transfer-Encoding: chunked;q=1',
    'Transfer_Encoding: chunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
    'X: y\nTransfer-Encoding: chunked',
    'X: y\rTransfer-Encoding: chunked',
    'Transfer-Encoding:\r\n chunked',
    'Transfer-\r\nEncoding: chunked',
    '\0Transfer-Encoding: chunked',
  ].flatMap((field) => [
    chunked(field, oneChunk),
    chunked(field, oneChunk, 'Content-Length: 5'),
    (draft: Draft): void => {
      const body = oneChunk(draft.body);
      draft.framing = [`Content-Length: ${body.length}`, field];
      draft.body = body;
    },
    (draft: Draft): void => {
      const body = `0\r\n\r\n${HIDDEN}`;
      draft.framing = [field, `Content-Length: ${body.length}`];
      draft.body = body;
    },
  ]),
];

const bodies: readonly Oddity[] = [
  (draft) => {
    draft.framing = [`Content-Length: ${draft.body.length}`];
    draft.body += HIDDEN;
  },
  (draft) => {
    draft.framing = [`Content-Length: ${draft.body.length}`];
    draft.body += '\r\n';
  },
  (draft) => {
    draft.framing = [`Content-Length: ${draft.body.length}`];
    draft.body += 'garbage';
  },
  (draft) => {
    draft.body = '';
  },
  (draft) => {
    draft.body = HIDDEN;
  },
  (draft) => {
    draft.body = `{"model":"m","user":${JSON.stringify(HIDDEN)}}`;
  },
  (draft) => {
    draft.body = draft.body.replace('"model":"m"', '"model":"m","stream":true');
  },
  (draft) => {
    draft.body = draft.body.replace('"model":"m"', '"model":"none"');
  },
  (draft, dice) => {
    draft.body = draft.body.replace(
      '"max_tokens"',
      `"pad":"${'x'.repeat(Math.floor(dice() ** 2 * 150_000))}","max_tokens"`,
    );
  },
  (draft) => {
    draft.method = `\r\n${draft.method}`;
  },
  (draft) => {
    draft.method = ` ${draft.method}`;
  },
];

/** Ways in which a request is unusual, ambiguous or wrong. */
export const ODDITIES: readonly Oddity[] = [...lines, ...reads, ...fields, ...framings, ...bodies];
