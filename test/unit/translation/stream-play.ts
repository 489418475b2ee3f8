import { wholePiece } from '../../../src/translation/held-text.ts';
import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import { createExchange, type Exchange, type Target } from '../../../src/translation/exchange.ts';
import { readRequest, translationFor } from '../../../src/translation/pair.ts';
import { clientEvents, type ClientEvent } from './golden-case.ts';

/** The result of a stream: the client's events, whether it is complete, and its losses. */
export interface PlayedStream {
  readonly events: readonly ClientEvent[];
  readonly over: unknown;
  readonly losses: readonly string[];
}

export interface Play {
  readonly from: ClientApi;
  readonly to: ProviderApi;
  readonly request?: Record<string, unknown>;
  readonly target?: Partial<Target>;
}

/** An exchange for a request with defaults, as after sending it. */
export async function exchangeFor({ from, to, request, target }: Play): Promise<Exchange> {
  const all: Target = {
    provider: 'p1',
    api: to,
    carriage: undefined,
    model: to === 'messages' ? 'claude-opus-4-8' : 'gpt-x',
    dialect: 'generic',
    policy: 'warn',
    ...target,
  };
  const body = {
    model: 'm',
    max_tokens: 9,
    stream: true,
    messages: [{ role: 'user', content: 'x' }],
    ...request,
  };
  const path = from === 'gemini' ? '/v1beta/models/m:streamGenerateContent' : '';
  const reading = await readRequest(from, JSON.stringify(body), { requestId: 'req_g', path });
  if (reading.kind === 'invalid') throw new Error(reading.message);
  const facts = { requestId: 'req_g', now: 1 };
  const written = (await translationFor(from, to, all)).request(reading.conversation, facts);
  return written.kind === 'written' ? written.exchange : createExchange(reading.conversation, all, facts);
}

/** Plays a provider's events to a client. Sends a non-object verbatim. */
export async function playStream(play: Play, events: readonly unknown[]): Promise<PlayedStream> {
  const exchange = await exchangeFor(play);
  const stream = (await translationFor(play.from, play.to, exchange.target)).stream(exchange);
  let text = '';
  let over: unknown;
  const decoder = new TextDecoder();
  for (const event of events) {
    const data = typeof event === 'string' ? event : JSON.stringify(event);
    const step = stream.push('', new TextEncoder().encode(data));
    text += step.bytes.map((bytes) => decoder.decode(wholePiece(bytes))).join('');
    over = step.over;
  }
  const last = stream.atEndOfBytes();
  text += last.bytes.map((bytes) => decoder.decode(wholePiece(bytes))).join('');
  over = last.over ?? over;
  return {
    events: clientEvents(text),
    over,
    losses: exchange.losses.all().map(({ what, path }) => `${what} ${path}`),
  };
}

/** A chunk of a Chat stream. */
export function chunk(delta: unknown, finish_reason: string | null = null, more: object = {}): object {
  return { id: 'c', model: 'gpt-x', choices: [{ index: 0, delta, finish_reason, ...more }] };
}

/** The message that a Messages SDK builds from the events: the blocks with joined texts, and the stop reason. */
export function asMessage({ events }: PlayedStream): { content: unknown[]; stop: unknown } {
  const content: Record<string, unknown>[] = [];
  let stop: unknown;
  for (const { data } of events) {
    const event = data as {
      type: string;
      index: number;
      content_block: object;
      delta: Record<string, unknown>;
    };
    const block = content[event.index];
    if (event.type === 'content_block_start') content[event.index] = { ...event.content_block, json: '' };
    if (event.type === 'message_delta') stop = event.delta['stop_reason'];
    if (event.type !== 'content_block_delta' || block === undefined) continue;
    for (const [key, field] of [
      ['text', 'text'],
      ['thinking', 'thinking'],
      ['signature', 'signature'],
      ['partial_json', 'json'],
    ] as const) {
      const piece = event.delta[key];
      if (typeof piece === 'string') block[field] = `${(block[field] as string | undefined) ?? ''}${piece}`;
    }
  }
  return {
    content: content.map((block) => {
      if (block['type'] === 'tool_use') return [block['id'], block['name'], block['json']];
      return block['type'] === 'thinking'
        ? { thinking: block['thinking'], signature: block['signature'] }
        : (block['text'] ?? block);
    }),
    stop,
  };
}
