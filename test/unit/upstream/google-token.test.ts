import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { generateKeyPairSync, verify } from 'node:crypto';
import {
  GoogleTokens,
  type ServiceAccount,
  TokenError,
} from '../../../src/upstream/credentials/google-token.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

let server: ReturnType<typeof Bun.serve>;
let assertions: string[];
let answer: (count: number) => Response;
let nowMs: number;

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const form = new URLSearchParams(await request.text());
      assertions.push(form.get('assertion') ?? '');
      return answer(assertions.length);
    },
  });
});

afterAll(() => server.stop(true));

beforeEach(() => {
  assertions = [];
  nowMs = 1_790_000_000_000;
  answer = (count) => Response.json({ access_token: `ya29.${count}`, expires_in: 3600 });
});

const account = (): ServiceAccount => ({
  clientEmail: 'gateway@project.iam.gserviceaccount.com',
  privateKey,
  privateKeyId: 'key-1',
  tokenUri: server.url.href,
});
const open = () => new GoogleTokens({ epochMs: () => nowMs, fetch });

test('the assertion is a JWT with the claims that Google wants, signed with RS256', async () => {
  await open().token(account());
  const [header = '', claims = '', signature = ''] = (assertions[0] ?? '').split('.');
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  expect(read(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' });
  expect(read(claims)).toEqual({
    iss: 'gateway@project.iam.gserviceaccount.com',
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    aud: server.url.href,
    iat: 1_790_000_000,
    exp: 1_790_003_600,
  });
  const signed = Buffer.from(`${header}.${claims}`);
  expect(verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
});

test('fifty requests at once make one call, and share its token', async () => {
  const tokens = open();
  const all = await Promise.all(Array.from({ length: 50 }, async () => tokens.token(account())));
  expect(new Set(all)).toEqual(new Set(['ya29.1']));
  expect(assertions).toHaveLength(1);
  expect(tokens.token(account())).toBe('ya29.1');
});

test('five minutes before its end a token is renewed, and serves on until its successor is there', async () => {
  const tokens = open();
  await tokens.token(account());
  nowMs += 3_300_000 + 1;
  expect(tokens.token(account())).toBe('ya29.1');
  while ((await tokens.token(account())) !== 'ya29.2') await Bun.sleep(1);
  expect(tokens.token(account())).toBe('ya29.2');
});

test('a token that has expired is waited for', async () => {
  const tokens = open();
  await tokens.token(account());
  nowMs += 3_600_000;
  expect(await tokens.token(account())).toBe('ya29.2');
});

test('a failure says what the endpoint answered, without a secret, and the next request tries again', async () => {
  answer = () =>
    Response.json({ error: 'invalid_grant', error_description: 'secret words' }, { status: 400 });
  const tokens = open();
  const failure = await Promise.resolve(tokens.token(account())).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TokenError);
  expect((failure as TokenError).message).toBe('the token endpoint answered 400, invalid_grant');
  answer = () => Response.json({ access_token: 'ya29.later', expires_in: 60 });
  expect(await tokens.token(account())).toBe('ya29.later');
});

test('an endpoint that is not there, a redirect, and a key that is none are failures of one line', async () => {
  const failureOf = (changed: Partial<ServiceAccount>) =>
    Promise.resolve(open().token({ ...account(), ...changed })).catch((error: unknown) => String(error));
  expect(await failureOf({ tokenUri: 'http://127.0.0.1:1/' })).toContain('could not be reached');
  answer = () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  expect(await failureOf({})).toContain('could not be reached');
  expect(await failureOf({ privateKey: 'no key' })).toContain('not PKCS#8');
});
