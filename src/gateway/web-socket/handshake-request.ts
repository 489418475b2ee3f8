import { copyOfFields, type Fields } from '../../lib/http/fields.ts';
import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import { parameterOf } from '../credentials.ts';

/** Prefix of the sub-protocol that holds a browser's key, since browsers cannot set header fields. */
const KEY_PROTOCOL = 'openai-insecure-api-key.';

/** Returns the sub-protocols that a client offers, without any that hold a key. */
export function offeredProtocols(headers: Fields): readonly string[] {
  return protocolsIn(headers).filter((protocol) => !protocol.startsWith(KEY_PROTOCOL));
}

function protocolsIn(headers: Fields): string[] {
  return (headers.get('sec-websocket-protocol') ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

/**
 * Moves the key in the sub-protocol to `Authorization`, so that it is found, withheld and redacted like any other. If
 * a handshake has both, its `Authorization` is kept.
 */
export function withoutKeyProtocol(headers: Fields): Fields {
  const protocols = protocolsIn(headers);
  const key = protocols.find((protocol) => protocol.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length);
  if (key === undefined) return headers;
  const cleaned = copyOfFields(headers);
  const offered = offeredProtocols(headers);
  if (offered.length === 0) cleaned.delete('sec-websocket-protocol');
  else cleaned.set('sec-websocket-protocol', offered.join(', '));
  if (!cleaned.has('authorization') && key !== '') cleaned.set('authorization', `Bearer ${key}`);
  return cleaned;
}

/**
 * Returns the model that a handshake names: in the query, as Azure's `deployment`, or in the field in which Codex
 * describes its turn. Returns undefined if there is none; in the Responses API the first message names it.
 */
export function modelOfHandshake(
  { headers, search }: { readonly headers: Fields; readonly search: string },
  api: WebSocketApi,
): string | undefined {
  const inQuery = parameterOf(search, 'model') ?? parameterOf(search, 'deployment');
  return inQuery ?? (api === 'responses' ? modelOfCodex(headers) : undefined);
}

/** Maximum length of that field. */
const LONGEST_METADATA = 16_384;

function modelOfCodex(headers: Fields): string | undefined {
  const metadata = headers.get('x-codex-turn-metadata');
  if (metadata === null || metadata.length > LONGEST_METADATA) return undefined;
  try {
    const model = (JSON.parse(metadata) as { model?: unknown } | null)?.model;
    return typeof model === 'string' && model !== '' ? model : undefined;
  } catch {
    return undefined;
  }
}

/** Query parameters that name a model, in lower case. */
const MODEL_PARAMETERS: ReadonlySet<string> = new Set(['model', 'deployment']);

/**
 * Returns the query with `model` as the only model name, or without any if it is undefined. Drops parts that other
 * servers might read as a model name, such as those after a semicolon or in another case.
 */
export function searchFor(
  search: string,
  named: readonly [parameter: string, model: string] | undefined,
): string {
  const parts = search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !part.includes(';') && !MODEL_PARAMETERS.has(nameOf(part)));
  if (named !== undefined) parts.unshift(`${named[0]}=${encodeURIComponent(named[1])}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function nameOf(part: string): string {
  const name = part.split('=', 1)[0] ?? '';
  try {
    return decodeURIComponent(name.replaceAll('+', ' ')).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}
