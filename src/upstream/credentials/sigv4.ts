/**
 * AWS Signature Version 4
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */

/** A long-term or temporary AWS credential. */
export interface AwsCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Set for temporary credentials only. */
  readonly sessionToken: string | undefined;
}

/** The complete request to sign. Any later change to the body or a signed field invalidates the signature. */
export interface SignedRequest {
  readonly method: string;
  /** The percent-encoded path, as sent on the wire. */
  readonly path: string;
  /** The query as sent on the wire, without the question mark. */
  readonly query: string;
  /** The fields to sign besides `x-amz-*`, in lower case: `host`, and `content-type` if there is a body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Uint8Array[];
}

export interface Scope {
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970, by AWS's clock. */
  readonly epochMs: number;
}

/**
 * Returns the header fields that authenticate the request: `authorization`, `x-amz-date`, `x-amz-content-sha256`,
 * `x-amz-security-token`.
 */
export function signRequest(
  request: SignedRequest,
  credential: AwsCredential,
  scope: Scope,
): Readonly<Record<string, string>> {
  const time = amzDate(scope.epochMs);
  const payload = sha256Hex(...request.body);
  const added = {
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
    ...(credential.sessionToken !== undefined && { 'x-amz-security-token': credential.sessionToken }),
  };
  const headers = { ...request.headers, ...added };
  return { ...added, authorization: authorization({ ...request, headers }, payload, { credential, scope }) };
}

/**
 * Returns the `authorization` field that signs exactly these fields. `payload` is the SHA-256 of the body in hex. The
 * fields must include `x-amz-date`.
 */
export function authorization(
  request: Omit<SignedRequest, 'body'>,
  payload: string,
  { credential, scope }: { readonly credential: AwsCredential; readonly scope: Scope },
): string {
  const time = amzDate(scope.epochMs);
  const { text, signedHeaders } = canonicalRequest(request, payload);
  const place = `${time.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${place}\n${sha256Hex(new TextEncoder().encode(text))}`;
  const signature = hmac(signingKey(credential, scope, time.slice(0, 8)), toSign).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${credential.accessKeyId}/${place}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

/** Builds the canonical request that both sides hash, and the list of signed headers. */
function canonicalRequest(
  { method, path, query, headers }: Omit<SignedRequest, 'body'>,
  payload: string,
): { readonly text: string; readonly signedHeaders: string } {
  const fields = Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim().replaceAll(/ {2,}/g, ' ')])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const signedHeaders = fields.map(([name]) => name).join(';');
  const lines = fields.map(([name, value]) => `${name}:${value}\n`).join('');
  const text = [method, canonicalPath(path), canonicalQuery(query), lines, signedHeaders, payload].join('\n');
  return { text, signedHeaders };
}

/** Every service except S3 percent-encodes each segment of the encoded path a second time. */
function canonicalPath(path: string): string {
  return path === '' ? '/' : path.split('/').map(uriEncode).join('/');
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? `${pair}=` : pair;
    })
    .toSorted()
    .join('&');
}

/** Percent-encodes everything except RFC 3986's unreserved characters. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Formats a time like `20150830T123600Z`. */
function amzDate(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function signingKey({ secretAccessKey }: AwsCredential, { region, service }: Scope, day: string): Buffer {
  return [day, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

function hmac(key: Buffer, text: string): Buffer {
  return new Bun.CryptoHasher('sha256', key).update(text).digest();
}

function sha256Hex(...pieces: readonly Uint8Array[]): string {
  const hasher = new Bun.CryptoHasher('sha256');
  for (const piece of pieces) hasher.update(piece);
  return hasher.digest('hex');
}
