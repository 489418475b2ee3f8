import { describe, expect, test } from 'bun:test';
import { assert, constantFrom, property, string } from 'fast-check';
import { createRedactor, redactCredential, redactorOf } from '../../../src/telemetry/log/redact.ts';

const SECRET = 'canary+Secret/Value=42&more"x';
const redact = createRedactor([SECRET, 'plain-secret-of-a-provider', 'short7!']);

describe('a secret is redacted by its value', () => {
  test('as it is, with its first 5 and last 4 characters', () => {
    expect(redact('before plain-secret-of-a-provider after')).toBe('before plain****ider after');
  });
  test('so that a short one tells nothing', () => expect(redact('<short7!>')).toBe('<****>'));
  test('in a URL', () => expect(redact(`/x?q=${encodeURIComponent(SECRET)}`)).not.toContain('Secret'));
  test('in JSON', () => {
    const redacted = redact(JSON.stringify({ a: SECRET, b: 1 }));
    expect(redacted).not.toContain('Secret');
    expect(JSON.parse(redacted)).toMatchObject({ b: 1 });
  });
  test('with characters that mean something in a replacement', () => {
    expect(createRedactor(["$&$1$$`'$&$1$$`'"])("a $&$1$$`'$&$1$$`' b")).toBe('a **** b');
  });
});

test('a secret in base64 is found wherever it stands in what was encoded, in both alphabets', () => {
  assert(
    property(
      string({ minLength: 12, maxLength: 60, unit: 'grapheme' }),
      string({ maxLength: 9 }),
      string({ maxLength: 9 }),
      constantFrom('base64', 'base64url'),
      (secret, before, after, alphabet) => {
        const encoded = Buffer.from(before + secret + after).toString(alphabet);
        const redacted = createRedactor([secret])(`x ${encoded} y`);
        // As with every other secret, only its beginning and its end remain.
        expect(redacted).toContain('****');
        const whole = Buffer.from(secret).toString(alphabet).slice(0, -4);
        expect(redacted).not.toContain(whole);
      },
    ),
  );
});

describe('text that looks like a key is redacted even if it is not a known secret:', () => {
  const tail = 'abcdefghijklmnopqrstuvwxyz0123';
  const cases = [
    [`sk-${tail}`, 'sk-ab****0123'],
    [`sk-proj-${tail}`, 'sk-pr****0123'],
    [`sk-ant-api03-${tail}`, 'sk-an****0123'],
    [`gsk_${tail}`, 'gsk_a****0123'],
    [`AIza${tail}`, 'AIzaa****0123'],
    [`xai-${tail}`, 'xai-a****0123'],
    [`eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${tail}`, 'eyJhb****0123'],
    [`Authorization: Bearer ${tail}`, 'Authorization: Bearer abcde****0123'],
    [`BEARER   ${tail}`, 'BEARER   abcde****0123'],
    [`GET /v1?api_key=${tail}&x=1`, 'GET /v1?api_key=abcde****0123&x=1'],
    [`GET /v1beta?key=${tail}`, 'GET /v1beta?key=abcde****0123'],
    [`{"api_key":"${tail}","x":1}`, '{"api_key":"abcde****0123","x":1}'],
    [`{\\"api_key\\": \\"${tail}\\"}`, '{\\"api_key\\": \\"abcde****0123\\"}'],
    [`x-api-key: ${tail}`, 'x-api-key: abcde****0123'],
    [`https://user:${tail}@proxy.example`, 'https://user:abcde****0123@proxy.example'],
  ] as const;
  for (const [text, expected] of cases)
    test(text.slice(0, 24), () => expect(createRedactor([])(text)).toBe(expected));
});

test('every kind of key that is known by its beginning is redacted', () => {
  const shapes = createRedactor([]);
  const prefixes = 'sk rk pk mk gsk csk xai hf r8 tgp pplx nvapi gho ghp ghs ghu glpat xoxa xoxb xoxp'.split(
    ' ',
  );
  const keys = prefixes.flatMap((prefix) => [`${prefix}-abcdefghij0123`, `${prefix}_abcdefghij0123`]);
  keys.push('AKIAABCDEFGHIJKL', 'ya29.abcdefghijk', 'AIzaabcdefghijklmnopqrst');
  for (const key of keys) expect(shapes(`<${key}>`)).toBe(`<${key.slice(0, 5)}****${key.slice(-4)}>`);
});

test('every field that holds a key is redacted, however it is written', () => {
  const shapes = createRedactor([]);
  const inUrls =
    'api_key api-key apikey key token access_token access-token accesstoken auth secret sig signature password';
  const fields = inUrls.split(' ').flatMap((name) => [`?${name}=`, `&${name.toUpperCase()}=`]);
  const elsewhere =
    'api_key api-key apikey x-goog-api-key access_token accessToken client_secret client-secret clientSecret password';
  fields.push(...elsewhere.split(' ').flatMap((name) => [`${name}: `, `"${name.toUpperCase()}":"`]));
  fields.push('Basic ', 'basic  ', 'bEaReR ');
  for (const field of fields) expect(shapes(`${field}ABCDEFGHIJKLMNOP`)).toBe(`${field}ABCDE****MNOP`);
});

test('each of many secrets is found, also where they end alike', () => {
  const secrets = Array.from({ length: 3_000 }, (_, index) => `${index}-of-the-many-secrets`);
  const many = createRedactor(secrets);
  for (const secret of ['7-of-the-many-secrets', '2999-of-the-many-secrets']) {
    const hidden = `${secret.slice(0, 5)}****rets`;
    const encoded = btoa(`user:${secret}`);
    expect(many(`<${secret}>`)).toBe(`<${hidden}>`);
    expect(many(encoded)).toContain('****');
  }
  expect(many('3000-of-the-many-secrets of-the-many-secrets')).toBe(
    `3000-of-the-many-secrets of-the-many-secrets`.replace('0-of-the-many-secrets', '0-of-****rets'),
  );
});

test('ordinary lines stay as they are', () => {
  const lines = [
    '[2026-01-13 09:41:05] [INFO] [req_abc123abc123] Request received: model=anthropic/claude-opus-4-5 client=127.0.0.1',
    'task-force-of-the-desk, risk-assessment-tool-2026',
    'a bearer of bad news',
    'http://localhost:8080/v1/chat/completions?stream=true',
    'max_tokens=4096 key=3 token: 12',
  ];
  for (const line of lines) expect(createRedactor(['another-secret-here'])(line)).toBe(line);
});

test('redacted text stays the same when it is redacted again', () => {
  const once = redact(`Bearer sk-abcdefghijklmnopqrst api_key=abcdefghijklmnopqrst ${SECRET}`);
  expect(redact(once)).toBe(once);
});

test('a hostile text takes no more than moments', () => {
  const shapes = createRedactor([]);
  const begin = performance.now();
  for (const text of [
    '://a:'.repeat(40_000),
    'eyJ'.repeat(60_000),
    'api_key '.repeat(30_000),
    'bearer '.repeat(30_000),
  ]) {
    shapes(text);
  }
  expect(performance.now() - begin).toBeLessThan(20_000);
});

test('the redact follows the secrets of the configuration', () => {
  let secrets: readonly string[] = ['first-secret-of-all'];
  const following = redactorOf(() => secrets);
  expect(following()('first-secret-of-all second-secret-of-all')).toBe('first****-all second-secret-of-all');
  secrets = ['second-secret-of-all'];
  expect(following()('first-secret-of-all second-secret-of-all')).toBe('first****-all secon****-all');
  secrets = ['third-secret-of-all'];
  expect(following()('first-secret-of-all third-secret-of-all')).toBe('first-secret-of-all third****-all');
});

test("a credential's header is redacted whatever its value looks like", () => {
  expect(redactCredential('Bearer opaque value with spaces')).toBe('Bearer opaqu****aces');
  expect(redactCredential('abc')).toBe('****');
});
