import { describe, expect, test } from 'bun:test';
import type { Access } from '../../../src/config/snapshot.ts';
import { authenticate } from '../../../src/gateway/authenticate.ts';
import { foreignCredentials, presentedKeys, withoutCredentials } from '../../../src/gateway/credentials.ts';
import { newKeySecret } from '../../../src/lib/key-secret.ts';
import { PlainFields } from '../../../src/lib/http/fields.ts';
import { Refusal } from '../../../src/gateway/refusals.ts';
import { snapshotOf } from '../config/configuration.ts';

const PROVIDERS = 'providers: [{ name: a, api_base: "http://127.0.0.1" }]';
const { access: KEYS } = snapshotOf(`${PROVIDERS}
master_keys:
  - { name: one, key: mk-one }
  - { name: off, key: mk-off, enabled: false }`);
const CLOCK = { epochMs: () => Date.parse('2027-03-31T00:00:00Z') };
const { access: OPEN } = snapshotOf(`${PROVIDERS}\nallow_unauthenticated: true`);

function who(headers: Record<string, string>, access: Access = KEYS, search = ''): string | undefined {
  return authenticate({ headers: new Headers(headers), search }, access, CLOCK)?.name;
}

function refusalOf(headers: Record<string, string>): Refusal {
  try {
    who(headers);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was let in');
}

test('the key in the query counts, also of requests with the same fields', () => {
  const headers = new PlainFields({ host: 'gateway' });
  const named = (search: string): string | undefined =>
    presentedKeys({ headers: new PlainFields(headers.shared, '2'), search })[0];
  expect(['?key=mk-one', '?key=mk-two', '', '?key=mk-one', '?key=mk-one'].map(named)).toEqual([
    'mk-one',
    'mk-two',
    undefined,
    'mk-one',
    'mk-one',
  ]);
});

describe('a key is found', () => {
  const ways: Record<string, string>[] = [
    { authorization: 'Bearer mk-one' },
    { authorization: 'bearer mk-one' },
    { authorization: 'BEARER   mk-one  ' },
    { 'x-api-key': 'mk-one' },
    { 'api-key': 'mk-one' },
    { authorization: 'Basic abc', 'x-api-key': 'mk-one' },
    { authorization: 'Bearer', 'api-key': 'mk-one' },
  ];
  for (const headers of ways) test(JSON.stringify(headers), () => expect(who(headers)).toBe('one'));

  test("in the places of Google's clients", () => {
    expect(who({ 'x-goog-api-key': 'mk-one' })).toBe('one');
    for (const search of ['?key=mk-one', '?alt=sse&key=mk%2Done', '?%6bey=mk-one'])
      expect(who({}, KEYS, search)).toBe('one');
  });

  test('beside a credential that is for the provider', () => {
    for (const field of ['x-api-key', 'api-key', 'x-goog-api-key'])
      expect(who({ authorization: 'Bearer sk-ant-oat01-of-the-user', [field]: 'mk-one' })).toBe('one');
    expect(who({ authorization: 'Bearer mk-off', 'x-api-key': 'mk-one' })).toBe('one');
  });

  test('and not asked for where the gateway is open', () => {
    expect(who({}, OPEN)).toBeUndefined();
    expect(who({ authorization: 'Bearer whatever' }, OPEN)).toBeUndefined();
  });
});

describe('nobody else is let in:', () => {
  test('without a key the answer says how to send one', () => {
    for (const headers of [
      {},
      { authorization: '' },
      { authorization: 'Basic bWs=' },
      { authorization: 'mk-one' },
    ]) {
      const refusal = refusalOf(headers);
      expect([refusal.code, refusal.status]).toEqual(['missing_api_key', 401]);
      expect(refusal.headers['www-authenticate']).toStartWith('Bearer');
    }
  });

  test('a disabled key is answered exactly like an unknown one', () => {
    const unknown = refusalOf({ authorization: 'Bearer mk-unknown' });
    const disabled = refusalOf({ authorization: 'Bearer mk-off' });
    expect(unknown.code).toBe('invalid_api_key');
    expect(unknown.headers['www-authenticate']).toStartWith('Bearer');
    expect([disabled.body(), disabled.headers]).toEqual([unknown.body(), unknown.headers]);
  });

  test('nor a key that is nearly right, or the hash of one', () => {
    const hash = KEYS.kind === 'keys' ? [...KEYS.keys.keys()][0] : undefined;
    for (const key of ['MK-ONE', 'mk-on', 'mk-one2', hash ?? '', '*', '__proto__'])
      expect(refusalOf({ 'x-api-key': key }).status).toBe(401);
  });

  test('a made-up key with a typing error is told from a key of somebody else', () => {
    const secret = newKeySecret();
    const typo = refusalOf({ authorization: `Bearer ${secret.slice(0, -1)}` });
    expect([typo.code, typo.message]).toEqual(['invalid_api_key', expect.stringContaining('mistyped')]);
    expect(refusalOf({ authorization: `Bearer ${secret}` }).message).not.toContain('mistyped');
    const { access } = snapshotOf(`${PROVIDERS}\nmaster_keys: [{ name: like, key: sk-lp-like-one }]`);
    expect(who({ authorization: 'Bearer sk-lp-like-one' }, access)).toBe('like');
  });

  test('several wrong keys are no better than one', () =>
    expect(refusalOf({ authorization: 'Bearer mk-wrong', 'x-api-key': 'mk-off' }).code).toBe(
      'invalid_api_key',
    ));

  test('no message repeats the key', () =>
    expect(refusalOf({ authorization: 'Bearer sk-canary' }).body()).not.toContain('canary'));
});

describe('the query', () => {
  const stripped: [string, string][] = [
    ['', ''],
    ['?alt=sse', '?alt=sse'],
    ['?key=mk-one', ''],
    ['?alt=sse&key=mk-one&x=%20+', '?alt=sse&x=%20+'],
    ['?KEY=a&Api_Key=b&api-key=c&access_token=d&limit=1', '?limit=1'],
    ['?%6b%65y=mk-one', ''],
    ['?a=1;key=mk-one&b', '?b'],
    ['?after=mk-one-secret&b=2', '?b=2'],
    ['?after=mk%2Done-secret', ''],
    ['?pageToken=1&keys=2&monkey=3', '?pageToken=1&keys=2&monkey=3'],
  ];
  for (const [search, expected] of stripped)
    test(`${search} goes on as ${expected === '' ? 'nothing' : expected}`, () =>
      expect(withoutCredentials(search, ['mk-one-secret'])).toBe(expected));
});

describe("credentials of the client's own", () => {
  const foreign = (headers: Record<string, string>, access: Access = KEYS, search = '') =>
    Object.fromEntries(foreignCredentials({ headers: new Headers(headers), search }, access));

  test('are those that are none of our keys', () => {
    const theirs = {
      authorization: 'Bearer sk-theirs',
      'x-api-key': 'theirs',
      'api-key': 'theirs',
      'x-goog-api-key': 'theirs',
    };
    expect(foreign(theirs)).toEqual(theirs);
    expect(foreign({ authorization: 'Bearer mk-one', 'x-api-key': 'theirs' })).toEqual({
      'x-api-key': 'theirs',
    });
  });

  test('never hold a key of ours, however it is written, enabled or not', () => {
    for (const key of ['mk-one', 'mk-off']) {
      for (const value of [key, `Bearer ${key}`, `bearer   ${key}`, `BEARER ${key}`])
        expect(foreign({ authorization: value, 'x-api-key': value, 'x-goog-api-key': value })).toEqual({});
    }
  });

  test('never hold a key of ours among others, as a repeated header has it', () => {
    for (const value of ['mk-one, mk-one', 'theirs, mk-one', 'Bearer mk-one, Bearer theirs'])
      expect(foreign({ 'x-api-key': value })).toEqual({});
  });

  test('never hold a key of ours, however odd the way is in which it is written', () => {
    const basic = Buffer.from('user:mk-one').toString('base64');
    for (const value of ['Key mk-one', 'a;mk-one', 'Basic\tmk-one', 'token="mk-one"', `Basic ${basic}`])
      expect(foreign({ authorization: value, 'api-key': value, 'x-goog-api-key': value })).toEqual({});
    expect(foreign({ 'x-api-key': 'a '.repeat(5_000) })).toEqual({});
  });

  test('in the query of a Google client go on in the field of Google', () => {
    expect(foreign({}, KEYS, '?key=theirs')).toEqual({ 'x-goog-api-key': 'theirs' });
    expect(foreign({}, KEYS, '?key=mk-one')).toEqual({});
  });

  test('are all of them where the gateway is open', () =>
    expect(foreign({ authorization: 'Bearer sk-theirs' }, OPEN)).toEqual({
      authorization: 'Bearer sk-theirs',
    }));
});
