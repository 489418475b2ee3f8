import type { AdminEndpoint } from '../server/admin-endpoint.ts';
import type { SentRequest, SentResponse } from './worker-calls.ts';

/** The largest body that is forwarded. The Admin API accepts less, and says so. */
const MOST_BYTES = 2 * 1024 * 1024;

/** The Admin API of a worker: another process answers its requests. */
export function sendAdminRequests(send: (request: SentRequest) => Promise<SentResponse>): AdminEndpoint {
  return async (request, client) => {
    const { method, url, headers } = request;
    const body = await firstBytes(request);
    const answer = await send({ method, url, headers: [...headers], body, client });
    return new Response(answer.body, { status: answer.status, headers: answer.headers.map(pair) });
  };
}

/** Answers a request that a worker forwarded. */
export async function receiveAdminRequest(
  { method, url, headers, body, client }: SentRequest,
  admin: AdminEndpoint | undefined,
): Promise<SentResponse> {
  if (admin === undefined) throw new Error('there is no Admin API here');
  const hasBody = method !== 'GET' && method !== 'HEAD' && body.byteLength > 0;
  const request = new Request(url, {
    method,
    headers: headers.map(pair),
    ...(hasBody && { body }),
  });
  const response = await admin(request, client);
  return { status: response.status, headers: [...response.headers], body: await response.bytes() };
}

/** Reads the body, or enough of it to see that it is too large. */
async function firstBytes({ body }: Request): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) break;
  }
  return Buffer.concat(chunks);
}

function pair([name, value]: readonly [string, string]): [string, string] {
  return [name, value];
}
