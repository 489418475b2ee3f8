import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import type { Target } from '../../../src/translation/exchange.ts';
import { readRequest, translationFor } from '../../../src/translation/pair.ts';

export interface PlayedRequest {
  /** The body sent to the provider; empty if the route is unsuitable. */
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly losses: readonly string[];
  readonly unsuitable: string | undefined;
}

/** Reads a client's body and writes it for a target with defaults. */
export async function playRequest(
  pair: readonly [from: ClientApi, to: ProviderApi],
  body: object | string,
  target: Partial<Target> = {},
): Promise<PlayedRequest> {
  const [from, to] = pair;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const path = from === 'gemini' ? '/v1beta/models/m:generateContent' : '';
  const reading = await readRequest(from, text, { requestId: 'req_g', path });
  if (reading.kind === 'invalid') throw new Error(`${reading.path}: ${reading.message}`);
  const model = to === 'messages' ? 'claude-opus-4-8' : 'gpt-x';
  const all: Target = {
    provider: 'p1',
    api: to,
    carriage: undefined,
    model,
    dialect: 'generic',
    policy: 'warn',
    ...target,
  };
  const translation = await translationFor(from, to, all);
  const written = translation.request(reading.conversation, { requestId: 'req_g', now: 1_790_000_000 });
  if (written.kind === 'unsuitable') {
    return { body: {}, text: '', losses: [], unsuitable: written.loss.path };
  }
  const losses = written.exchange.losses.all().map(({ what, path }) => `${what} ${path}`);
  return { body: JSON.parse(written.body), text: written.body, losses, unsuitable: undefined };
}
