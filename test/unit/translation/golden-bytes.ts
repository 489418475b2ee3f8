import { expect } from 'bun:test';
import { peekRequest } from '../../../src/protocols/request.ts';
import { insertModel, spliceRequest } from '../../../src/protocols/splice-request.ts';
import { splice } from '../../../src/lib/splice.ts';
import { carriedEvent, eventText } from '../../../src/translation/carriage/bedrock-events.ts';
import type { BetaPolicy } from '../../../src/translation/carriage/betas.ts';
import { carry } from '../../../src/translation/carriage/carry.ts';
import type { ProviderApi } from '../../../src/translation/conversation.ts';
import type { Loss } from '../../../src/translation/losses.ts';
import type { DialectName } from '../../../src/translation/models/dialects.ts';
import { repairOf } from '../../../src/translation/same-api/repair-body.ts';
import { clientEvents, difference, type GoldenCase } from './golden-case.ts';

const UTF8 = new TextEncoder();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Plays a case in which the client's body goes to the provider without translation, directly or through a carrier. */
export function playBytes(golden: GoldenCase): void {
  const body = UTF8.encode(golden.request_raw ?? JSON.stringify(golden.request));
  const carriage = golden.provider_api.split('@')[1] as 'bedrock' | 'vertex' | undefined;
  const sent = carriage === undefined ? repaired(golden, body) : carried(golden, body, carriage);
  const expected = golden.expected_upstream_request?.body;
  if (expected !== undefined)
    expect(difference(expected, JSON.parse(text(sent.body)), 'upstream')).toBeUndefined();
  for (const part of golden.expected_upstream_contains ?? []) expect(text(sent.body)).toContain(part);
  if (golden.expected_losses !== undefined) {
    const losses = sent.losses.map(({ what, path }) => `${what} ${path}`);
    expect(losses.sort()).toEqual([...golden.expected_losses].sort());
  }
  playFrames(golden);
}

interface Sent {
  readonly body: Uint8Array;
  readonly losses: readonly Loss[];
}

function carried(golden: GoldenCase, body: Uint8Array, carriage: 'bedrock' | 'vertex'): Sent {
  const betas = golden.target['anthropic_beta'] as BetaPolicy | undefined;
  const operation = golden.request_path?.includes('count_tokens') === true ? 'count' : 'generate';
  const header = golden.request_headers?.['anthropic-beta'];
  const done = carry(body, { carriage, model: golden.target.model, betas }, { operation, betas: header });
  return { body: done.body, losses: done.losses.all() };
}

function repaired(golden: GoldenCase, body: Uint8Array): Sent {
  const { provider, model } = golden.target;
  const repair = repairOf(body, {
    api: golden.provider_api as Exclude<ProviderApi, 'converse'>,
    provider,
    model,
    dialect: (golden.target['dialect'] ?? 'generic') as DialectName,
  });
  const mended = splice(body, repair?.edits ?? []);
  const peek = peekRequest(mended, 'application/json');
  const named =
    peek.kind === 'json' && peek.model === undefined
      ? insertModel(mended, model)
      : Buffer.concat(spliceRequest(mended, peek, { model }));
  return { body: named, losses: repair?.losses ?? [] };
}

function playFrames(golden: GoldenCase): void {
  const { upstream_response: given, expected_client_response: expected } = golden;
  if (given?.stream === undefined || golden.provider_api !== 'messages@bedrock') return;
  let sent = '';
  for (const frame of given.stream) {
    const payload = UTF8.encode(JSON.stringify(frame.payload));
    const event = carriedEvent({ type: 'event', name: frame[':event-type'] ?? '', payload });
    if (event.kind === 'event') sent += text(eventText(event.name, event.data));
  }
  expect(difference(expected?.stream, clientEvents(sent), 'event')).toBeUndefined();
}
