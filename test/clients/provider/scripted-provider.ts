import { EventStreamCodec } from '@smithy/eventstream-codec';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { chat } from './chat.ts';
import { converse } from './converse.ts';
import { gemini } from './gemini.ts';
import { messages } from './messages.ts';
import { responses } from './responses.ts';
import {
  type Api,
  type ApiScript,
  type Asked,
  type Play,
  type Refused,
  type Reply,
  says,
  type Script,
  type StreamEvent,
} from './script.ts';

/** A provider that speaks every API and answers by a script. */
export interface ScriptedProvider {
  /** Without a path. Below it `/v1` takes Messages, Responses and Chat Completions, `/v1beta` Gemini, and `/model` Converse. */
  readonly url: string;
  /** The requests for an answer since `play`. */
  readonly asked: readonly Asked[];
  /** Every request since `play`, such as `POST /v1/messages`, in order of arrival. */
  readonly targets: readonly string[];
  /** Forgets the requests so far and answers with this script from then on. */
  readonly play: (script: Script) => void;
  readonly stop: () => Promise<void>;
}

const SCRIPTS: Readonly<Record<Api, ApiScript>> = { messages, responses, chat, gemini, converse };

/** Starts one on a free port of the loopback address. A provider of `only` one API answers 404 to the others. */
export async function startScriptedProvider(only?: Api): Promise<ScriptedProvider> {
  let script: Script = () => says('Hello!');
  const asked: Asked[] = [];
  const targets: string[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const path = request.url ?? '/';
    targets.push(`${request.method} ${path}`);
    const api = apiOf(path);
    if (api === undefined || (only !== undefined && api !== only)) {
      const other = countOf(path, body, only) ?? listOf(path);
      const [status, json] = other === undefined ? [404, notFound(request)] : [200, other];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      return;
    }
    const read = SCRIPTS[api].read({ path, headers: request.headers, body });
    asked.push(read);
    await write(response, read, { reply: script(read), id: `scripted_${asked.length}` });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      // A failing script fails its test. An agent does not retry a request with this answer.
      console.error('scripted provider:', error);
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: String(error), type: 'invalid_request_error' } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    targets,
    play(next) {
      script = next;
      asked.length = 0;
      targets.length = 0;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function apiOf(path: string): Api | undefined {
  const [bare = ''] = path.split('?');
  if (bare.endsWith('/v1/messages')) return 'messages';
  if (bare.endsWith('/v1/responses')) return 'responses';
  if (bare.endsWith('/v1/chat/completions')) return 'chat';
  if (/\/v1(?:beta)?\/models\/[^/]+:(?:generateContent|streamGenerateContent)$/.test(bare)) return 'gemini';
  return /\/model\/[^/]+\/converse(?:-stream)?$/.test(bare) ? 'converse' : undefined;
}

/** The token count is a quarter of the body's bytes. `only` is that of `startScriptedProvider`. */
function countOf(path: string, body: string, only: Api | undefined): object | undefined {
  const tokens = Math.ceil(body.length / 4);
  const counts: readonly (readonly [Api, RegExp, object])[] = [
    ['messages', /\/v1\/messages\/count_tokens(?:\?|$)/, { input_tokens: tokens }],
    [
      'responses',
      /\/v1\/responses\/input_tokens(?:\?|$)/,
      { object: 'response.input_tokens', input_tokens: tokens },
    ],
    ['gemini', /:countTokens(?:\?|$)/, { totalTokens: tokens }],
    ['converse', /\/count-tokens(?:\?|$)/, { inputTokens: tokens }],
  ];
  const found = counts.find(([api, pattern]) => (only === undefined || only === api) && pattern.test(path));
  return found?.[2];
}

function listOf(path: string): object | undefined {
  if (/\/v1beta\/models(?:\?|$)/.test(path)) return { models: [{ name: 'models/gemini-scripted' }] };
  if (!/\/v1\/models(?:\?|$)/.test(path)) return undefined;
  return {
    object: 'list',
    data: [{ id: 'scripted', object: 'model', created: 1_790_000_000, owned_by: 'test' }],
  };
}

function notFound({ method, url }: IncomingMessage): object {
  return {
    error: {
      message: `Invalid URL (${method} ${url})`,
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

interface Numbered {
  readonly reply: Reply;
  readonly id: string;
}

async function write(response: ServerResponse, asked: Asked, { reply, id }: Numbered): Promise<void> {
  const script = SCRIPTS[asked.api];
  const requestId = { 'request-id': `req_${id}`, 'x-request-id': `req_${id}` };
  if (reply.kind === 'refused' || (reply.kind === 'failed' && !asked.streams)) {
    const refused: Refused = reply.kind === 'refused' ? reply : { ...reply, kind: 'refused', status: 500 };
    const headers = { 'content-type': 'application/json', ...requestId, ...refused.headers };
    response.writeHead(refused.status, headers).end(JSON.stringify(script.refusal(refused)));
    return;
  }
  if (reply.kind === 'answer' && !asked.streams) {
    const body = JSON.stringify(script.whole(asked, reply, id));
    const headers = {
      'content-type': 'application/json',
      'content-length': `${Buffer.byteLength(body)}`,
      ...requestId,
    };
    response.writeHead(200, headers);
    if (reply.isCut) await cut(response, body.slice(0, -20));
    else response.end(body);
    return;
  }
  const isFramed = asked.api === 'converse';
  const contentType = isFramed ? 'application/vnd.amazon.eventstream' : 'text/event-stream';
  response.writeHead(200, { 'content-type': contentType, ...requestId });
  const send = (events: readonly StreamEvent[]): void => {
    for (const event of events) response.write(isFramed ? frameOf(event) : eventText(event));
  };
  if (reply.kind === 'failed') {
    const play = script.play(asked, says(reply.after ?? ''), id);
    send([...play.opening, ...(reply.after === undefined ? [] : play.content), script.failure(reply, id)]);
    response.end();
    return;
  }
  const play = script.play(asked, reply, id);
  send(play.opening);
  await think(play, send, reply.thinking?.forMs ?? 0);
  send(play.content);
  if (reply.isCut) return cut(response, '');
  send(play.closing);
  response.end();
}

/** Breaks the connection once these bytes are sent. */
async function cut(response: ServerResponse, text: string): Promise<void> {
  response.write(text);
  await Bun.sleep(20);
  response.destroy();
}

async function think(
  play: Play,
  send: (events: readonly StreamEvent[]) => void,
  forMs: number,
): Promise<void> {
  if (play.thinking === undefined) return;
  send(play.thinking.start);
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    await Bun.sleep(100);
    send([play.thinking.alive]);
  }
  send(play.thinking.end);
}

function eventText({ name, data }: StreamEvent): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${text}\n\n`;
}

const codec = new EventStreamCodec(
  (bytes) => new TextDecoder().decode(bytes as Uint8Array<ArrayBuffer>),
  (text) => new TextEncoder().encode(text),
);

/** Frames an event as Bedrock does. `exception:NAME` is a failure. */
function frameOf({ name = '', data }: StreamEvent): Uint8Array {
  const [before, exception] = name.split(':');
  const kind = exception === undefined ? ':event-type' : ':exception-type';
  return codec.encode({
    headers: {
      [kind]: { type: 'string', value: exception ?? before ?? '' },
      ':content-type': { type: 'string', value: 'application/json' },
      ':message-type': { type: 'string', value: exception === undefined ? 'event' : 'exception' },
    },
    body: new TextEncoder().encode(JSON.stringify(data)),
  });
}
