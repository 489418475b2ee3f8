import { describe, expect, test } from 'bun:test';
import type { Team } from '../../../src/config/owners.ts';
import type { MasterKey } from '../../../src/config/snapshot.ts';
import type { AttributionSettings } from '../../../src/config/spend-settings.ts';
import { attribute } from '../../../src/gateway/attribute.ts';
import { type Attribution, NOBODY } from '../../../src/gateway/attribution.ts';
import type { Plan } from '../../../src/gateway/plan.ts';
import { Refusal } from '../../../src/gateway/refusals.ts';
import { MEMBERS_WITH_END_USER, peekRequest } from '../../../src/protocols/request.ts';
import { snapshotOf } from '../config/configuration.ts';

const KEYS = snapshotOf('providers: []\nmaster_keys: [{ name: app, key: sk-of-the-app-0123456789 }]').access;
const PLAIN = KEYS.kind === 'keys' ? [...KEYS.keys.values()][0]! : undefined!;

const ACME: Team = { id: 't1', name: 'acme', parent: undefined, path: 'acme', tags: {} };
const SEARCH: Team = { id: 't2', name: 'search', parent: ACME, path: 'acme/search', tags: {} };

interface Asked {
  readonly key?: Partial<MasterKey> | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly settings?: Partial<AttributionSettings>;
  readonly method?: string;
  readonly call?: Plan['call'];
}

function attributionOf({
  key = {},
  headers = {},
  body = {},
  settings,
  method = 'POST',
  call,
}: Asked): Attribution {
  const peek = peekRequest(
    Buffer.from(JSON.stringify({ model: 'm', ...body })),
    'application/json',
    MEMBERS_WITH_END_USER,
  );
  if (peek.kind === 'malformed') throw new Error(peek.message);
  return attribute(
    { method, headers: new Headers(headers) },
    { ...PLAIN, ...key },
    {
      snapshot: { attribution: { endUser: 'store', endUsers: 'off', ...settings } },
      plan: { peek, call },
      gateway: { hashEndUser: (name) => `hash of ${name.length}` },
    },
  );
}

function refusalOf(asked: Asked): string {
  try {
    attributionOf(asked);
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.code}: ${error.message}`;
  }
  return 'none';
}

describe('owners', () => {
  test('are those of the key, with the path of its team', () => {
    const user = { id: 'u1', name: 'alice', email: undefined };
    expect(attributionOf({ key: { id: 'k1', team: SEARCH, user, tags: { app: 'web' } } })).toEqual({
      ...NOBODY,
      keyId: 'k1',
      team: 'search',
      teamPath: 'acme/search',
      teamIds: '/t1/t2/',
      userId: 'u1',
      user: 'alice',
      tags: { app: 'web' },
    });
  });

  test('are one object for all requests of a key that names nothing else', () => {
    const key = { ...PLAIN, clientTags: [] };
    const context = {
      snapshot: { attribution: { endUser: 'store', endUsers: 'off' } },
      plan: undefined,
      gateway: {},
    } as const;
    const request = { method: 'POST', headers: new Headers({ 'x-llm-proxy-user': 'alice' }) };
    expect(attribute(request, key, context)).toBe(attribute(request, key, context));
    expect(attribute(request, undefined, context)).toBe(NOBODY);
  });
});

describe('the end user', () => {
  const key = { endUsers: 'optional' } as const;
  const body = { user: 'bob' };

  test('is dropped unless the key or the setting asks for it', () => {
    expect(attributionOf({ body }).endUser).toBeUndefined();
    expect(
      attributionOf({ body, key: { endUsers: 'off' }, settings: { endUsers: 'required' } }).endUser,
    ).toBeUndefined();
    expect(attributionOf({ body, key, settings: { endUser: 'off' } }).endUser).toBeUndefined();
  });

  test('in the header comes before the one in the body', () => {
    expect(attributionOf({ key, body, headers: { 'x-llm-proxy-user': ' alice ' } }).endUser).toBe('alice');
    expect(attributionOf({ key, body, headers: { 'x-llm-proxy-user': ' ' } }).endUser).toBe('bob');
  });

  test('is the same in UTF-8 by header and by body', () => {
    const header = Buffer.from('Zoë').toString('latin1');
    expect(attributionOf({ key, headers: { 'x-llm-proxy-user': header } }).endUser).toBe('Zoë');
    expect(attributionOf({ key, headers: { 'x-llm-proxy-user': '\u00eb' } }).endUser).toBe('\u00eb');
  });

  test('is cut, and can be stored by every database', () => {
    expect(attributionOf({ key, body: { user: 'x'.repeat(500) } }).endUser).toBe('x'.repeat(128));
    expect(attributionOf({ key, body: { user: 'a\u0000\ud800' } }).endUser).toBe('a\u{fffd}\u{fffd}');
  });

  test('is hashed whole, or unknown where there is no secret to hash with', () => {
    const settings = { endUser: 'hash' } as const;
    expect(attributionOf({ key, body: { user: 'x'.repeat(500) }, settings }).endUser).toBe('hash of 500');
    expect(
      attribute(
        { method: 'POST', headers: new Headers({ 'x-llm-proxy-user': 'bob' }) },
        { ...PLAIN, ...key },
        {
          snapshot: { attribution: { ...settings, endUsers: 'off' } },
          plan: undefined,
          gateway: {},
        },
      ).endUser,
    ).toBeUndefined();
  });

  test('may be required, but not for reading and counting', () => {
    const required = { endUsers: 'required', name: 'app' } as const;
    expect(refusalOf({ key: required })).toBe(
      '400 end_user_required: The key "app" needs an end user. Send "user" or the header x-llm-proxy-user.',
    );
    expect(attributionOf({ key: required, body }).endUser).toBe('bob');
    expect(refusalOf({ key: required, method: 'GET' })).toBe('none');
    expect(refusalOf({ key: required, call: { api: 'messages', operation: 'count' } })).toBe('none');
  });
});

describe("the client's tags", () => {
  const key = { clientTags: ['feature', 'tenant'], tags: { app: 'web', tenant: 'fixed' } };
  const tagged = (text: string) => ({ key, headers: { 'x-llm-proxy-tags': text } });

  test('join the fixed ones, which they cannot change', () => {
    expect(attributionOf(tagged('feature = search, tenant=42,')).tags).toEqual({
      app: 'web',
      feature: 'search',
      tenant: 'fixed',
    });
  });

  test('that the key does not list are dropped and counted', () => {
    expect(attributionOf(tagged('feature=a, other=b, more=c'))).toMatchObject({
      tags: { app: 'web', tenant: 'fixed', feature: 'a' },
      droppedTags: 2,
    });
  });

  test('are not read for a key that lists none', () => {
    expect(attributionOf({ headers: { 'x-llm-proxy-tags': 'broken' } }).tags).toBeUndefined();
  });

  test.each([
    ['feature', '"feature" has no "="'],
    ['feature=', '"feature" has no value'],
    ['feature=a, feature=b', 'it names "feature" twice'],
    ['fea ture=a', 'the name "fea ture" is not 1 to 32 letters, digits, dots, underscores or hyphens'],
    [`${'x'.repeat(33)}=a`, 'letters, digits'],
    [`feature=${'x'.repeat(65)}`, 'the value of "feature" is longer than 64 characters'],
    [Array.from({ length: 17 }, (_, at) => `t${at}=1`).join(','), 'it has more than 16 tags'],
  ])('are refused: %s', (text, problem) => {
    expect(refusalOf(tagged(text))).toStartWith('400 invalid_tags: x-llm-proxy-tags is not valid:');
    expect(refusalOf(tagged(text))).toContain(problem);
  });

  test('are refused if they are too many with the fixed ones', () => {
    const names = Array.from({ length: 16 }, (_, at) => `t${at}`);
    const many = { clientTags: names, tags: { app: 'web' } };
    const headers = { 'x-llm-proxy-tags': names.map((name) => `${name}=1`).join(', ') };
    expect(refusalOf({ key: many, headers })).toContain('more than 16 tags');
  });
});
