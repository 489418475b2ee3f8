import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, test } from 'bun:test';
import { createHash, createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { type AwsCredential, authorization, signRequest } from '../../../src/upstream/credentials/sigv4.ts';

const CREDENTIAL: AwsCredential = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const SCOPE = { region: 'us-east-1', service: 'service', epochMs: Date.UTC(2015, 7, 30, 12, 36) };
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('the vectors that AWS publishes (aws-sig-v4-test-suite)', () => {
  const headers = { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' };
  const sign = (query: string, more: { method?: string; headers?: Record<string, string> } = {}) =>
    authorization(
      { method: more.method ?? 'GET', path: '/', query, headers: { ...headers, ...more.headers } },
      EMPTY_SHA256,
      { credential: CREDENTIAL, scope: SCOPE },
    );

  test('get-vanilla', () => {
    expect(sign('')).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    );
  });

  test('get-vanilla-query-order-key-case', () => {
    expect(sign('Param2=value2&Param1=value1')).toEndWith(
      'Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    );
  });

  test('post-vanilla', () => {
    expect(sign('', { method: 'POST' })).toEndWith(
      'Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    );
  });
});

/** SHA-256 in the form that `@smithy/signature-v4` requires. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset(): void {}
}

test('every request is signed as the AWS SDK for JavaScript signs it', async () => {
  const model = fc.stringMatching(/^[a-z][a-z0-9.:-]{0,40}$/);
  await fc.assert(
    fc.asyncProperty(model, fc.string({ maxLength: 50 }), fc.boolean(), async (name, text, isTemporary) => {
      const credential = { ...CREDENTIAL, sessionToken: isTemporary ? 'a-token/+=' : undefined };
      const scope = { region: 'eu-central-1', service: 'bedrock', epochMs: SCOPE.epochMs };
      const path = `/model/${encodeURIComponent(name)}/converse`;
      const body = new TextEncoder().encode(text);
      const fields = {
        host: 'bedrock-runtime.eu-central-1.amazonaws.com',
        'content-type': 'application/json',
      };
      const ours = signRequest(
        { method: 'POST', path, query: '', headers: fields, body: [body] },
        credential,
        scope,
      );
      const signer = new SignatureV4({
        service: 'bedrock',
        region: scope.region,
        sha256: Sha256,
        credentials: {
          accessKeyId: credential.accessKeyId,
          secretAccessKey: credential.secretAccessKey,
          ...(isTemporary && { sessionToken: 'a-token/+=' }),
        },
      });
      const theirs = await signer.sign(
        { method: 'POST', protocol: 'https:', hostname: fields.host, path, query: {}, headers: fields, body },
        { signingDate: new Date(scope.epochMs) },
      );
      const all: Readonly<Record<string, string>> = { ...fields, ...ours };
      expect(all).toEqual(theirs.headers);
    }),
    { numRuns: 100 },
  );
});
