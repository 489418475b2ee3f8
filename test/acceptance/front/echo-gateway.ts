import { startGateway, type TestGateway } from '../../e2e/gateway.ts';
import { idIn, KEY } from './request-forms.ts';

/** A gateway with a provider that repeats in its answer how it read the request. */
export interface EchoGateway {
  readonly port: number;
  /** The requests that the provider got, by the number of their connection. */
  readonly seen: Map<number, string[]>;
  readonly stop: () => Promise<void>;
}

/** Starts it on a free port. */
export function startEchoGateway(engine: 'lean' | 'runtime'): EchoGateway {
  const seen = new Map<number, string[]>();
  const provider = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const echo = await echoOf(request);
      const id = idIn(echo);
      if (id !== -1) seen.set(id, [...(seen.get(id) ?? []), echo]);
      const { pathname } = new URL(request.url);
      const answer = answerOf(pathname, echo);
      if (!pathname.includes(':stream')) return Response.json(answer);
      const headers = { 'content-type': 'text/event-stream' };
      return new Response(`data: ${JSON.stringify(answer)}\n\n`, { headers });
    },
  });
  const gateway: TestGateway = startGateway(
    `
providers:
  - { name: echo, api_base: "http://127.0.0.1:${provider.port}" }
  - { name: google, api_base: "http://127.0.0.1:${provider.port}", provider_type: gemini }
models: { m: { routes: [{ provider: echo, model: m }] }, g-2.5: { routes: [{ provider: google, model: g-2.5 }] } }
master_keys: [{ name: app, key: ${KEY} }]
fallback: { retries: 0, cooldown_seconds: 0 }`,
    undefined,
    engine,
  );
  return {
    port: gateway.app.server.port,
    seen,
    stop: async () => {
      await gateway.stop();
      await provider.stop(true);
    },
  };
}

/** Fields that differ from one request to the next. */
const OWN = /^(?:host|connection|x-request-id|traceparent|x-client-request-id|accept-encoding)$/;

async function echoOf(request: Request): Promise<string> {
  const { pathname, search } = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer());
  const fields = [...request.headers].filter(([name]) => !OWN.test(name));
  const marks = new Set(body.toString('latin1').match(/case-[\d-]+/g));
  const short =
    body.length > 200 ? [body.length, Bun.hash(body).toString(36), ...marks] : body.toString('latin1');
  return JSON.stringify([
    request.method,
    pathname + search,
    fields.sort(([a], [b]) => (a < b ? -1 : 1)),
    short,
  ]);
}

function answerOf(path: string, echo: string): unknown {
  const content = `ECHO(${Buffer.from(echo).toString('base64url')})`;
  const usage = {
    prompt_tokens: 1,
    completion_tokens: 1,
    total_tokens: 2,
    input_tokens: 1,
    output_tokens: 1,
  };
  if (path.endsWith('embeddings'))
    return {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [1] }],
      model: content,
      usage,
    };
  if (path.endsWith('messages'))
    return {
      id: 'c',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: content }],
      stop_reason: 'end_turn',
      usage,
    };
  if (path.endsWith('GenerateContent') || path.endsWith(':generateContent'))
    return {
      candidates: [
        { index: 0, content: { role: 'model', parts: [{ text: content }] }, finishReason: 'STOP' },
      ],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    };
  const message = { role: 'assistant', content };
  return {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage,
  };
}

/** The text that the provider repeated, as base64url in an answer. */
export function decodedEcho(echo: string): string {
  return Buffer.from(echo, 'base64url').toString();
}
