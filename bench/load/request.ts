/** The credential and the model of every request; each peer is set up for them. */
export const BENCH_KEY = 'sk-bench';
export const BENCH_MODEL = 'bench';
export const CHAT_PATH = '/v1/chat/completions';

const PROSE = 'The quick brown fox says "hello" to the lazy dog,\nagain and again. ';

/** The headers of every request, and those that one proxy also needs. */
export function requestHeaders(others: Readonly<Record<string, string>>): Record<string, string> {
  return { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json', ...others };
}

/** How a client asks for a stream: in the provider's own API, or in another that the proxy has to translate. */
export type ClientApi = 'chat' | 'messages';

interface StreamShape {
  readonly path: string;
  readonly body: string;
  /** The final bytes of a complete stream, without blanks. */
  readonly ending: string;
}

/** The end of a Chat stream, without blanks. */
export const DONE = 'data:[DONE]\n\n';

/** The streamed request of each client API. */
export const STREAM_SHAPES: Readonly<Record<ClientApi, () => StreamShape>> = {
  chat: () => ({ path: CHAT_PATH, body: chatBody(60, true), ending: DONE }),
  messages: () => ({
    path: '/v1/messages',
    body: JSON.stringify({
      model: BENCH_MODEL,
      max_tokens: 1024,
      messages: [{ role: 'user', content: PROSE }],
      stream: true,
    }),
    ending: 'data:{"type":"message_stop"}\n\n',
  }),
};

/** The body of a chat request whose prompt has about this many bytes. */
export function chatBody(promptBytes: number, isStream = false): string {
  const content = PROSE.repeat(Math.ceil(promptBytes / PROSE.length)).slice(0, promptBytes);
  return JSON.stringify({
    model: BENCH_MODEL,
    messages: [{ role: 'user', content }],
    temperature: 0.7,
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}

/** A request as it goes over the wire. */
export function requestText(
  port: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  path = CHAT_PATH,
): string {
  const lines = Object.entries(requestHeaders(headers)).map(([name, value]) => `${name}: ${value}`);
  const head = [`POST ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, 'accept: */*', ...lines];
  return [...head, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}
