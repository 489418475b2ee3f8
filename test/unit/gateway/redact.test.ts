import { expect, test } from 'bun:test';
import { conceal, concealHeaders } from '../../../src/gateway/redact.ts';
import { compiled } from '../../e2e/gateway.ts';

const provider = compiled(`
server: { host: 127.0.0.1 }
providers:
  - { name: p, api_base: "http://127.0.0.1:9", api_key: sk-abcdefghijklmnop, headers: { x-secret: "geheim-schlüssel-1" } }`).providers.get(
  'p',
)!;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (of: Uint8Array): string => new TextDecoder().decode(of);

test('a credential that a provider repeats is masked, wherever and however often it stands', () => {
  const answer = bytes(
    '{"error":"key sk-abcdefghijklmnop is bad, 你好: sk-abcdefghijklmnop, geheim-schlüssel-1"}',
  );
  expect(text(conceal(answer, provider))).toBe(
    '{"error":"key sk-ab****mnop is bad, 你好: sk-ab****mnop, gehei****el-1"}',
  );
});

test('an answer without one is passed on as it is, the same object', () => {
  const answer = new Uint8Array([0xff, 0xfe, 0x00, 0x80]);
  expect(conceal(answer, provider)).toBe(answer);
});

test('a header that repeats one is left out', () => {
  const headers = new Headers({ 'x-echo': 'Bearer sk-abcdefghijklmnop', 'retry-after': '3' });
  expect([...concealHeaders(headers, provider)]).toEqual([['retry-after', '3']]);
});
