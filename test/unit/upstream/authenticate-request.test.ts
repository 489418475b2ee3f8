import { afterEach, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import type { Provider } from '../../../src/config/snapshot.ts';
import type { UpstreamTarget } from '../../../src/gateway/ports.ts';
import { redact } from '../../../src/gateway/redact.ts';
import { signRequest } from '../../../src/upstream/credentials/sigv4.ts';
import { createUpstream } from '../../../src/upstream/upstream.ts';
import { snapshotOf } from '../config/configuration.ts';
import { ByHand, closeAll, closing, request, textOf } from './scene.ts';
import { until } from '../../e2e/gateway.ts';

afterEach(closeAll);

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

function upstream() {
  const opened = createUpstream();
  closing.push(opened.close);
  return opened;
}

function serve(answer: (request: Request, body: string) => Response | Promise<Response>) {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (asked) => answer(asked, await asked.text()),
  });
  closing.push(() => server.stop(true));
  return server;
}

function providerOf(settings: string): Provider {
  const text = `allow_unauthenticated: true\nproviders:\n  - { name: p, ${settings} }`;
  const provider = snapshotOf(text).providers.get('p');
  if (provider === undefined) throw new Error('no provider');
  return provider;
}

const CONVERSE: UpstreamTarget = {
  api: 'converse',
  operation: 'generate',
  carriage: undefined,
  model: 'amazon.nova-pro-v1:0',
  isStream: false,
  body: 'translated',
};

const AWS = { accessKeyId: 'AKIDEXAMPLE0001', secretAccessKey: 'secret-access-key-canary' };

function bedrock(port: number, session = ''): Provider {
  const keys = `access_key_id: ${AWS.accessKeyId}, secret_access_key: ${AWS.secretAccessKey}${session}`;
  return providerOf(
    `provider_type: bedrock, region: eu-central-1, api_base: "http://127.0.0.1:${port}", aws: {${keys}}`,
  );
}

/** Whether AWS would accept the signature of a request at this time. */
function isSigned({ headers, url, method }: Request, body: string): boolean {
  const { host, pathname, search } = new URL(url);
  const date = (headers.get('x-amz-date') ?? '').replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
    '$1-$2-$3T$4:$5:$6Z',
  );
  const token = headers.get('x-amz-security-token');
  const { authorization } = signRequest(
    {
      method,
      path: pathname,
      query: search.slice(1),
      headers: { host, 'content-type': headers.get('content-type') ?? '' },
      body: [new TextEncoder().encode(body)],
    },
    { ...AWS, sessionToken: token ?? undefined },
    { region: 'eu-central-1', service: 'bedrock', epochMs: Date.parse(date) },
  );
  return headers.get('authorization') === authorization;
}

describe('Bedrock', () => {
  test.each(['', ', session_token: a-token/+='])('is sent signed requests %s', async (session) => {
    const signed: boolean[] = [];
    const server = serve((asked, body) => {
      signed.push(isSigned(asked, body), asked.headers.has('x-amz-security-token'));
      return new Response('ok');
    });
    const clientHeaders = new Headers({ 'x-amz-security-token': 'of-the-client', 'x-own': 'yes' });
    const provider = bedrock(server.port ?? 0, session);
    const reply = await upstream().send({
      ...request(9),
      clientHeaders,
      search: '',
      provider,
      target: CONVERSE,
    });
    expect(await textOf(reply)).toBe('ok');
    expect(signed).toEqual([true, session !== '']);
  });

  test('is sent a signature by its own clock, once it has refused one by ours', async () => {
    const aheadMs = 3 * 3_600_000;
    const dates: string[] = [];
    const server = serve(({ headers }) => {
      const theirs = new Date(Date.now() + aheadMs);
      const hour = theirs.toISOString().slice(0, 13).replaceAll('-', '');
      dates.push(headers.get('x-amz-date') ?? '');
      const isNear = dates.at(-1)?.startsWith(hour) === true;
      const date = theirs.toUTCString();
      return new Response(isNear ? 'ok' : 'Signature expired', {
        status: isNear ? 200 : 403,
        headers: { date },
      });
    });
    const opened = upstream();
    const asked = { ...request(9), search: '', provider: bedrock(server.port ?? 0), target: CONVERSE };
    expect(await textOf(await opened.send(asked))).toBe('ok');
    expect(await textOf(await opened.send(asked))).toBe('ok');
    expect(dates.length).toBe(3);
  });

  test('is asked once where it refuses the key', async () => {
    let count = 0;
    const server = serve(() => {
      count += 1;
      return new Response('denied', { status: 403, headers: { date: new Date().toUTCString() } });
    });
    const reply = await upstream().send({
      ...request(9),
      provider: bedrock(server.port ?? 0),
      target: CONVERSE,
    });
    expect(reply).toMatchObject({ kind: 'reply', status: 403 });
    expect(count).toBe(1);
  });

  test('is sent a key as Bearer where that is what there is', async () => {
    const server = serve(({ headers }) => new Response(headers.get('authorization')));
    const settings = `provider_type: bedrock, region: eu-central-1, api_base: "${server.url.origin}", api_key: k-1`;
    const reply = await upstream().send({ ...request(9), provider: providerOf(settings), target: CONVERSE });
    expect(await textOf(reply)).toBe('Bearer k-1');
  });
});

describe('Vertex', () => {
  const gemini: UpstreamTarget = { ...CONVERSE, api: 'gemini', carriage: 'vertex', model: 'gemini-3-pro' };

  function vertex(port: number, tokenUri: string): Provider {
    const key = { client_email: 'a@b', private_key: privateKey, token_uri: tokenUri, project_id: 'p1' };
    return providerOf(
      `provider_type: vertex, api_base: "http://127.0.0.1:${port}", service_account: {json: ${JSON.stringify(JSON.stringify(key))}}`,
    );
  }

  test('is sent the token of its service account, fetched once, which no answer shows to a client', async () => {
    let tokens = 0;
    const server = serve(({ url, headers }) => {
      if (new URL(url).pathname !== '/token') return new Response(headers.get('authorization'));
      tokens += 1;
      return Response.json({ access_token: `ya29.canary-${tokens}`, expires_in: 3600 });
    });
    const provider = vertex(server.port ?? 0, `${server.url.origin}/token`);
    const opened = upstream();
    const send = async () => textOf(await opened.send({ ...request(9), provider, target: gemini }));
    const texts = await Promise.all([send(), send()]);
    expect([...texts, await send()]).toEqual(Array.from({ length: 3 }, () => 'Bearer ya29.canary-1'));
    expect(tokens).toBe(1);
    expect(String(redact(Buffer.from('got ya29.canary-1'), provider))).not.toContain('canary');
  });

  test('is not reached without one', async () => {
    const server = serve(() => Response.json({ error: 'invalid_grant' }, { status: 400 }));
    const provider = vertex(server.port ?? 0, `${server.url.origin}/token`);
    const reply = await upstream().send({ ...request(9), provider, target: gemini });
    expect(reply).toEqual({ kind: 'unreachable', reason: 'credential' });
  });

  test('is not waited for by a request that was called off while its token was fetched', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    let asked = 0;
    const server = serve(() => {
      asked += 1;
      return promise;
    });
    const provider = vertex(server.port ?? 0, `${server.url.origin}/token`);
    const early = new ByHand();
    const calledOff = upstream().send({ ...request(9), provider, target: gemini, cancellation: early });
    early.now();
    expect(await calledOff).toEqual({ kind: 'aborted' });
    expect(asked).toBe(0);
    const cancellation = new ByHand();
    const sending = upstream().send({ ...request(9), provider, target: gemini, cancellation });
    await until(() => asked > 0);
    cancellation.now();
    expect(await sending).toEqual({ kind: 'aborted' });
    resolve(new Response('{}'));
  });

  test('is sent an access token as it is given', async () => {
    const server = serve(({ headers }) => new Response(headers.get('authorization')));
    const settings = `provider_type: vertex, project: p1, api_base: "${server.url.origin}", access_token: ya29.x`;
    const reply = await upstream().send({ ...request(9), provider: providerOf(settings), target: gemini });
    expect(await textOf(reply)).toBe('Bearer ya29.x');
  });
});
