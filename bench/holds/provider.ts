/** A thread that answers every request with the answer that it was told last, for `bench/holds.ts`. */
import { type Answer, answerOf, type Provider } from './answers.ts';

declare const self: Worker;

export interface Told {
  readonly provider: Provider;
  readonly shape: string;
  readonly isStream: boolean;
}

let answer: Answer = { type: 'application/json', body: Buffer.from('{}') };

self.addEventListener('message', ({ data: { provider, shape, isStream } }: MessageEvent<Told>) => {
  answer = answerOf(provider, shape, isStream);
  self.postMessage('told');
});

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  maxRequestBodySize: 2 ** 30,
  async fetch(request) {
    await request.bytes();
    const { type, body } = answer;
    return new Response(body, { headers: { 'content-type': type } });
  },
});
self.postMessage(server.url.origin);
