import type { Answer } from '../answer.ts';
import { type Fault, fault } from '../fault.ts';
import type { Header } from '../http/request-head.ts';
import type { Item } from '../item.ts';

/** Faults of the connection or the head, before or around the body. */
export const CONNECTION_FAULTS: readonly Fault[] = [
  fault({
    name: 'rst',
    summary: 'RST before any byte of an answer.',
    params: {},
    play: (answer) => ({ ...answer, lead: [{ kind: 'reset' }] }),
  }),
  fault({
    name: 'zero-byte',
    summary: 'FIN before any byte of an answer.',
    params: {},
    play: (answer) => ({ ...answer, lead: [{ kind: 'close' }] }),
  }),
  fault({
    name: 'silence',
    summary: 'Accepts the request, then silence; with ms, the answer follows after that delay.',
    params: { ms: 0 },
    play: (answer, { ms }) => ({ ...answer, lead: [ms > 0 ? { kind: 'wait', ms } : { kind: 'hold' }] }),
  }),
  fault({
    name: 'headers-silence',
    summary: 'The head, then silence.',
    params: {},
    play: (answer) => ({ ...answer, items: [{ kind: 'wait', ms: 0 }, { kind: 'hold' }] }),
  }),
  fault({
    name: 'invalid-http',
    summary: 'Not HTTP: kind=garbage|status-line|header|chunk-size|version|no-head-end|two-lengths.',
    params: { kind: 'garbage' },
    play: (answer, { kind }) => ({
      ...answer,
      lead: [
        { kind: 'wire', bytes: Buffer.from(INVALID[kind] ?? INVALID_GARBAGE, 'latin1') },
        { kind: 'wait', ms: 0 },
        { kind: 'close' },
      ],
    }),
  }),
  fault({
    name: 'odd-headers',
    summary: 'Duplicates, a long one (`bytes`), odd case, Set-Cookie, hop-by-hop ones, Connection: x-foo.',
    params: { bytes: 4096 },
    play: (answer, { bytes }) => ({ ...answer, headers: [...answer.headers, ...oddHeaders(bytes)] }),
  }),
  fault({
    name: 'many-fields',
    summary: 'A head with `fields` header fields, about 300 kB.',
    params: { fields: 37_000 },
    play: (answer, { fields }) => ({ ...answer, headers: [...answer.headers, ...manyFields(fields)] }),
  }),
  fault({
    name: 'late-bytes',
    summary: 'The answer, and `ms` later `bytes` stray bytes.',
    params: { bytes: 100, ms: 1 },
    play: (answer, { bytes, ms }): Answer => ({ ...answer, tail: behind('x'.repeat(bytes), ms) }),
  }),
  fault({
    name: 'second-answer',
    summary: 'The answer, and `ms` later a second, unrequested one.',
    params: { ms: 0 },
    play: (answer, { ms }): Answer => ({ ...answer, tail: behind(SECOND_ANSWER, ms) }),
  }),
  fault({
    name: '204-body',
    summary: 'Status 204 with a declared body, and `ms` later a second answer as that body.',
    params: { ms: 1 },
    play: (answer, { ms }): Answer => ({
      ...answer,
      status: 204,
      items: [],
      length: Buffer.byteLength(SECOND_ANSWER),
      encoding: undefined,
      tail: behind(SECOND_ANSWER, ms),
    }),
  }),
  fault({
    name: 'idle-close',
    summary: 'Closes the connection after it has been idle for `seconds` after the answer; 0: at once.',
    params: { seconds: 5 },
    play: (answer, { seconds }): Answer => ({ ...answer, idleCloseMs: seconds * 1000 }),
  }),
];

const INVALID_GARBAGE = '\x15\x03\x01\x00\x02\x02\x16 this is not HTTP\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
const INVALID: Readonly<Record<string, string>> = {
  garbage: INVALID_GARBAGE,
  'status-line': 'HTTP/1.1 OK 200\r\nContent-Length: 2\r\n\r\n{}',
  header: 'HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\n{}',
  'chunk-size': `${CHUNKED}zz\r\n{}\r\n0\r\n\r\n`,
  version: 'HTTP/9.7 200 OK\r\nContent-Length: 2\r\n\r\n{}',
  'no-head-end': 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n',
  'two-lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\n{}',
};

const WRONG = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'meant for nobody' }, finish_reason: 'stop' }],
});
const SECOND_ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${WRONG.length}\r\n\r\n${WRONG}`;

function behind(text: string, ms: number): readonly Item[] {
  return [
    { kind: 'wait', ms },
    { kind: 'wire', bytes: Buffer.from(text) },
  ];
}

function manyFields(count: number): readonly Header[] {
  return Array.from({ length: count }, (_, at): Header => [`x-${at.toString(16)}`, '']);
}

function oddHeaders(bytes: number): readonly Header[] {
  return [
    ['X-Duplicate', 'one'],
    ['x-duplicate', 'two'],
    ['x-LONG', 'l'.repeat(bytes)],
    ['X-rAtElImIt-ReMaInInG-rEqUeStS', '42'],
    ['x-empty', ''],
    ['x-latin1', 'caf\u00e9'],
    ['Set-Cookie', 'session=mock; Path=/; HttpOnly'],
    ['Set-Cookie', 'other=mock'],
    ['Connection', 'x-foo'],
    ['X-Foo', 'named by Connection'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Authenticate', 'Basic realm="mock"'],
    ['Server', 'mock/1.0 (odd)'],
  ];
}
