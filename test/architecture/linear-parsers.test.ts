import { expect, test } from 'bun:test';
import { createDocs } from '../../src/console/docs-page.ts';
import { readPlainYaml } from '../../src/config/read/quick/plain-yaml.ts';
import { authenticate } from '../../src/gateway/authenticate.ts';
import { foreignCredentials, presentedKeys, withoutCredentials } from '../../src/gateway/credentials.ts';
import { sizeOf } from '../../src/gateway/limits/request-size.ts';
import { subjectOf } from '../../src/gateway/objects/path-subject.ts';
import { parseRequestHead } from '../../src/http1/request-head.ts';
import { parseResponseHead } from '../../src/http1/response-head.ts';
import { apiPath } from '../../src/lib/api-path.ts';
import { namedByConnection } from '../../src/lib/http/hop-by-hop.ts';
import { retryAfterMs } from '../../src/lib/http/retry-after.ts';
import { multipartHeaders } from '../../src/lib/multipart-headers.ts';
import { createListSplitter, splitElements } from '../../src/lib/json/json-list.ts';
import { createSseSplitter, splitEvents } from '../../src/lib/sse.ts';
import { errorShapeOf } from '../../src/protocols/error-body.ts';
import { furtherModels, referencedIds } from '../../src/protocols/named-in-body.ts';
import { peekRequest } from '../../src/protocols/request.ts';
import { clientAddress } from '../../src/server/client-address.ts';
import { requireOwnBrowser } from '../../src/server/browser-guard.ts';
import { requestTarget } from '../../src/server/request-target.ts';
import { redactorOf } from '../../src/telemetry/log/redact.ts';
import { readTraceContext } from '../../src/telemetry/traces/trace-context.ts';
import { snapshotOf } from '../unit/config/configuration.ts';
import { isSteep } from './growth.ts';

const PROVIDERS = 'providers: [{ name: a, api_base: "http://127.0.0.1" }]';
const { access } = snapshotOf(`${PROVIDERS}\nmaster_keys: [{ name: one, key: mk-one-of-these }]`);
const open = snapshotOf(`server: { host: 127.0.0.1 }\n${PROVIDERS}`);
const docs = createDocs({ version: 'test', hasMetrics: false, admin: undefined });
await docs(new Request('http://localhost/docs'), '/docs');
const redact = redactorOf(() => ['sk-of-the-provider']);

/** A header with this value, as a client or a provider may send it. */
function header(name: string, value: string): Headers {
  const headers = new Headers();
  try {
    headers.set(name, value);
  } catch {
    // The runtime takes no such value.
  }
  return headers;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function quietly(run: () => unknown): void {
  try {
    run();
  } catch {
    // A refusal is an answer, too.
  }
}

const clock = { epochMs: () => 0 };

/** Every parser of text from clients and providers, with a call of it. Add every new parser here. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  authorization: (text) =>
    authenticate({ headers: header('authorization', `bearer a${text}`), search: '' }, access, clock),
  'key in the query': (text) => authenticate({ headers: new Headers(), search: `?${text}` }, access, clock),
  'credentials of a client': (text) =>
    foreignCredentials({ headers: header('x-api-key', text), search: `?key=${text}` }, access),
  'all credentials': (text) => presentedKeys({ headers: header('authorization', text), search: text }),
  'query without credentials': (text) => withoutCredentials(`?${text}`, ['mk-one-of-these']),
  configuration: (text) => {
    for (const yaml of [text, `a: ${text}`, `a: "${text}`, `- ${text}`, `a: {${text}`, `${text}: 1`])
      readPlainYaml(yaml);
  },
  connection: (text) => namedByConnection(header('connection', text)),
  'if-none-match': (text) =>
    void docs(new Request('http://localhost/docs', { headers: header('if-none-match', text) }), '/docs'),
  'retry-after': (text) => {
    for (const name of [
      'retry-after',
      'retry-after-ms',
      'x-ratelimit-reset-requests',
      'anthropic-ratelimit-requests-reset',
    ])
      retryAfterMs(header(name, text), 0, 429);
  },
  'content-type': (text) => {
    for (const type of [
      text,
      `multipart/form-data${text}`,
      `multipart/form-data; boundary=b${text}`,
      `application/${text}`,
    ])
      peekRequest(bytes('{"model":"m"}'), type);
  },
  'header lines of a part': (text) => {
    multipartHeaders(`content-disposition: form-data; name="a"${text}`);
    multipartHeaders(text);
  },
  form: (text) => peekRequest(bytes(`--b\r\n${text}`), 'multipart/form-data; boundary=b'),
  JSON: (text) => {
    for (const body of [text, `{"model":"${text}"}`, `{"${text}":1}`, `{"a":${text}`])
      peekRequest(bytes(body), 'application/json');
  },
  'models and ids in a body': (text) => {
    for (const body of [`{"models":["${text}"]}`, `{"file_id":${text}`, `{"tools":${text}`]) {
      furtherModels(bytes(body));
      referencedIds(bytes(body));
    }
  },
  'size of a request': (text) => {
    for (const body of [
      `{"max_tokens":${text}`,
      `{"a":"${text}"}`,
      `{"data":"${text}`,
      `{"a":";base64,${text}`,
    ])
      void sizeOf(bytes(body), true);
  },
  'forwarded addresses': (text) => {
    for (const name of ['x-forwarded-for', 'forwarded'])
      clientAddress('10.0.0.1', header(name, text), () => true);
  },
  "head of a client's request": (text) => {
    for (const head of [text, `host: a\r\n${text}`, `host: ${text}`, `${text}\r\nhost: a`])
      parseRequestHead(`POST /v1/messages HTTP/1.1\r\n${head}`);
  },
  "head of a provider's answer": (text) => {
    for (const head of [text, `HTTP/1.1 200 OK\r\n${text}`, `HTTP/1.1 200 OK\r\na: ${text}`])
      quietly(() => parseResponseHead(head));
  },
  'URL of a request': (text) => requestTarget(`http://localhost/${text}`),
  path: (text) => {
    apiPath(`/${text}`);
    subjectOf('GET', `/v1/${text}`);
    errorShapeOf(`/v1/${text}`, new Headers());
  },
  'origin and host': (text) => {
    const headers = header('origin', text);
    headers.set('host', 'localhost');
    requireOwnBrowser(new Request('http://localhost/', { headers }), '/v1/models', open);
  },
  'trace context': (text) => readTraceContext(header('traceparent', text)),
  'line of the log': (text) => redact()(text),
  'stream of events': (text) => {
    const block = createSseSplitter(1 << 20).push(bytes(`data: ${text}\n\n`));
    return block && splitEvents(block);
  },
  'list of chunks': (text) => {
    const block = createListSplitter(1 << 20).push(bytes(`[{"a":1},${text}]`));
    return block && splitElements(block);
  },
};

/** Texts to repeat: separators that parsers look for, alone and in sequence, and the text between them. */
const PUMPS = [
  ' ',
  'a',
  '0',
  ',',
  ';',
  '=',
  ':',
  '/',
  '.',
  '"',
  '\\',
  '&',
  '%',
  '%2',
  '-',
  '{',
  '[',
  '\n',
  '\r\n',
  '\t',
  '\u00A0',
];
const PAIRS = [
  ', ',
  '; ',
  'a,',
  'a;',
  'a=',
  'a=b;',
  '="',
  '\\"',
  '""',
  'a b ',
  '//',
  '/v1',
  'a/',
  '&key=',
  '%20',
  '[[',
  '{"a":',
  '":"',
  '",',
  '\n:',
  '\r',
];
const ENDS = ['', 'x', '"', '\u0000'];

test.each(Object.keys(PARSERS))('reading takes linear time: %s', (name) => {
  const parse = PARSERS[name] ?? (() => undefined);
  const slow: string[] = [];
  for (const pump of [...PUMPS, ...PAIRS]) {
    for (const end of ENDS) {
      const text = (size: number) => pump.repeat(Math.ceil(size / pump.length)) + end;
      if (isSteep((size) => quietly(() => parse(text(size))))) slow.push(JSON.stringify(text(8)));
    }
  }
  expect(slow).toEqual([]);
});

test('a parser that is not linear is found', () => {
  // Other threads of the process may make the short run of one measurement seem long.
  const found = [1, 2, 3, 4].some(() => isSteep((size) => /\s*,\s*/.test(' '.repeat(size))));
  expect(found).toBe(true);
  expect(isSteep((size) => ' '.repeat(size).trim())).toBe(false);
});
