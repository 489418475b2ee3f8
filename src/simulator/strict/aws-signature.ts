import { createHash } from 'node:crypto';
import { badRequest, type Refused } from '../api-error.ts';
import type { Call } from '../call.ts';

const SIGNED =
  /^AWS4-HMAC-SHA256 Credential=([^/\s]+)\/(\d{8})\/([a-z0-9-]+)\/bedrock\/aws4_request,\s*SignedHeaders=([a-z0-9;-]+),\s*Signature=[0-9a-f]{64}$/;

/**
 * Checks the signature of a request to Bedrock (AWS Signature Version 4) as far as possible without the secret: the
 * scope, the time, the signed header fields, and the hash of the body. A Bedrock API key is sent as a Bearer token.
 * Throws `Refused`.
 */
export function checkAwsSignature({ headers, bytes }: Call): void {
  const authorization = headers['authorization'];
  if (authorization === undefined) throw denied('Missing Authentication Token');
  if (/^Bearer \S+$/.test(authorization)) return;
  const match = SIGNED.exec(authorization);
  if (match === null)
    throw denied('Authorization header is not in the form of Signature Version 4 for the service bedrock.');
  const [, , date = '', , names = ''] = match;
  checkTime(headers['x-amz-date'] ?? '', date);
  checkSignedNames(headers, names);
  const hash = headers['x-amz-content-sha256'];
  if (hash === undefined || hash === 'UNSIGNED-PAYLOAD') return;
  if (hash !== createHash('sha256').update(bytes).digest('hex'))
    throw denied(
      'The request signature we calculated does not match the signature you provided: the hash of the body differs.',
    );
}

function checkTime(time: string, date: string): void {
  if (!/^\d{8}T\d{6}Z$/.test(time))
    throw denied("Authorization header requires existence of 'X-Amz-Date' in the form YYYYMMDD'T'HHMMSS'Z'.");
  if (!time.startsWith(date))
    throw denied(`Date in Credential scope does not match YYYYMMDD from X-Amz-Date: ${date} and ${time}`);
}

function checkSignedNames(headers: Call['headers'], names: string): void {
  const signed = names.split(';');
  if (signed.toSorted().join(';') !== names) throw denied('SignedHeaders are not sorted.');
  const needed = Object.keys(headers).filter((name) => name.startsWith('x-amz-'));
  for (const name of ['host', 'x-amz-date', ...needed]) {
    if (!signed.includes(name)) throw denied(`'${name}' must be a signed header.`);
  }
  for (const name of signed) {
    if (headers[name] === undefined) throw denied(`The signed header '${name}' is missing.`);
  }
}

function denied(message: string): Refused {
  return badRequest(message, 'unrecognized_client', 403);
}
