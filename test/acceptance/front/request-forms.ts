import type { Draft } from './draft.ts';
import { HIDDEN_CODINGS } from './hidden-codings.ts';
import { HIDDEN, ODDITIES, TOKENS } from './oddities.ts';

/** Bytes that a client sends over one connection, and how they are cut. */
export interface RequestForm {
  readonly id: number;
  readonly bytes: Buffer;
  /** The offsets at which the next piece begins, in order. */
  readonly cuts: readonly number[];
  /** Where each of its requests was to end, before anything was changed. */
  readonly ends: readonly number[];
  /** Whether each piece waits until nothing happens any more, as with a client that awaits its answers. */
  readonly isPaced: boolean;
  /** Whether it is one plain request, unchanged but for its cuts. */
  readonly isPlain: boolean;
}

type Dice = () => number;

/** The key of the gateways that are compared. */
export const KEY = 'mk-front-1234';

/** Marks a request in its body, its fields and its query, so that it is known wherever it arrives. */
export function markOf(id: number, at: number): string {
  return `case-${id}-${checkOf(id)}-${at}-`;
}

/** The number in the first mark of a text. -1 if there is none, or if a change has made another one of it. */
export function idIn(text: string): number {
  const [, id = '-1', check] = /case-(\d+)-(\d+)-/.exec(text) ?? [];
  return Number(check) === checkOf(Number(id)) ? Number(id) : -1;
}

function checkOf(id: number): number {
  return ((id + 7) * 7_919) % 9_973;
}

/** Most clients use the first one. */
const TARGETS: readonly (readonly [method: 'GET' | 'POST', path: string, query?: string])[] = [
  ...Array.from({ length: 6 }, () => ['POST', '/v1/chat/completions'] as const),
  ['POST', '/v1/embeddings'],
  ['POST', '/v1/messages'],
  ['POST', '/chat/completions'],
  ['POST', '/openai/v1/embeddings'],
  ['POST', '/openai/deployments/m/chat/completions', 'api-version=2024-10-21'],
  ['POST', '/v1beta/models/g-2.5:generateContent'],
  ['POST', '/v1beta/models/g-2.5:streamGenerateContent', 'alt=sse'],
  ['GET', '/v1/files/file-1.x'],
];

/** Fields of real clients, which change nothing. */
const USUAL = [
  'Accept: */*',
  'User-Agent: OpenAI/Python 1.99.0',
  'Accept-Encoding: gzip, deflate, br',
  'x-stainless-lang: python',
  'Connection: keep-alive',
  'x-empty:',
  'X-Spaces:   two  words\t',
  'anthropic-version: 2023-06-01',
  'Cookie: a=b; c=d',
];

/** The request of a number: the same number and seed give the same bytes. */
export function formOf(id: number, dice: Dice): RequestForm {
  if (dice() < 0.1) return repeatedForm(id, dice);
  const kind = dice();
  const count = kind < 0.15 ? 1 : 1 + Math.floor(dice() ** 2 * 3);
  const pieces: Buffer[] = [];
  const ends: number[] = [];
  let size = 0;
  for (let at = 0; at < count; at++) {
    const draft = draftOf(markOf(id, at), dice);
    if (kind >= 0.15) for (let odd = dice() * 2.5; odd > 0.5; odd--) oddly(draft, dice);
    const bytes = Buffer.from(textOf(draft), 'latin1');
    pieces.push(bytes);
    size += bytes.length;
    ends.push(size);
  }
  let bytes: Buffer = Buffer.concat(pieces);
  if (kind > 0.6) for (let left = dice() ** 2 * 6; left > 0; left--) bytes = mutated(bytes, dice);
  return { id, bytes, cuts: cutsOf(bytes.length, dice), ends, isPaced: false, isPlain: kind < 0.15 };
}

/** One request with one oddity, by its place in the list. */
export function oddForm(id: number, oddity: number): RequestForm {
  const draft = draftOf(markOf(id, 0), () => 0.5);
  ODDITIES[oddity % ODDITIES.length]?.(draft, () => 0.5);
  const bytes = Buffer.from(textOf(draft), 'latin1');
  return { id, bytes, cuts: [], ends: [bytes.length], isPaced: false, isPlain: false };
}

/** How many forms `hiddenForm` makes. */
export const HIDDEN_FORMS = 2 * HIDDEN_CODINGS.length;

/**
 * A request whose transfer coding only some parsers see, by its place in the list. With the coding, the body ends sooner
 * than by its length and another request follows, or the other way round.
 */
export function hiddenForm(id: number, at: number): RequestForm {
  const field = HIDDEN_CODINGS[at >> 1] ?? '';
  const draft = draftOf(markOf(id, 0), () => 0.5);
  if (at % 2 === 0) {
    draft.body = `0\r\n\r\n${HIDDEN}`;
    draft.framing = [`Content-Length: ${draft.body.length}`, field];
  } else {
    draft.body = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;
    draft.framing = [field, `Content-Length: ${draft.body.indexOf('\r\n') + 2}`];
  }
  const bytes = Buffer.from(textOf(draft), 'latin1');
  return { id, bytes, cuts: [], ends: [bytes.length], isPaced: false, isPlain: false };
}

/** Requests with the same head but for its length, of which later ones may be changed, one after the other. */
function repeatedForm(id: number, dice: Dice): RequestForm {
  const first = draftOf(markOf(id, 0), dice);
  const pieces: Buffer[] = [Buffer.from(textOf(first), 'latin1')];
  const ends = [pieces[0]?.length ?? 0];
  for (let at = 1; at < 4; at++) {
    const { body } = draftOf(markOf(id, at), dice);
    const draft = { ...first, fields: [...first.fields], body };
    if (dice() < 0.3) oddly(draft, dice);
    const bytes = Buffer.from(textOf(draft), 'latin1');
    pieces.push(dice() < 0.3 ? mutated(bytes, dice) : bytes);
    ends.push((ends.at(-1) ?? 0) + (pieces.at(-1)?.length ?? 0));
  }
  return { id, bytes: Buffer.concat(pieces), cuts: ends.slice(0, -1), ends, isPaced: true, isPlain: false };
}

function draftOf(mark: string, dice: Dice): Draft {
  const fields = ['Host: gateway.test', `Authorization: Bearer ${KEY}`, 'Content-Type: application/json'];
  for (const field of USUAL) if (dice() < 0.2) fields.splice(Math.floor(dice() * fields.length), 0, field);
  fields.push(`x-case: ${mark}`, 'x-llm-proxy-provider: echo');
  const [method, path, query] = pick(TARGETS, dice) ?? ['POST', '/v1/chat/completions'];
  const queries = [query, dice() < 0.2 ? `case=${mark}` : undefined].filter((each) => each !== undefined);
  const message = { role: 'user', content: 'x'.repeat(Math.floor(dice() ** 4 * 400)) };
  return {
    method,
    target: queries.length === 0 ? path : `${path}?${queries.join('&')}`,
    version: 'HTTP/1.1',
    eol: '\r\n',
    fields,
    body:
      method === 'GET'
        ? ''
        : JSON.stringify({ model: 'm', max_tokens: 9, input: mark, messages: [message], user: mark }),
    framing: method === 'GET' ? [] : undefined,
  };
}

function oddly(draft: Draft, dice: Dice): void {
  pick(ODDITIES, dice)?.(draft, dice);
}

function textOf({ method, target, version, eol, fields, body, framing }: Draft): string {
  const lines = [...fields, ...(framing ?? [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`])];
  return `${method} ${target} ${version}${eol}${lines.map((line) => line + eol).join('')}${eol}${body}`;
}

function mutated(bytes: Buffer, dice: Dice): Buffer {
  const at = Math.floor(dice() * (dice() < 0.7 ? Math.min(bytes.length, 420) : bytes.length));
  const count = 1 + Math.floor(dice() ** 3 * 40);
  const [before, rest] = [bytes.subarray(0, at), bytes.subarray(at)];
  const ways: readonly (() => Uint8Array[])[] = [
    () => [before, Buffer.from([Math.floor(dice() * 256)]), rest.subarray(1)],
    () => [before, rest.subarray(count)],
    () => [before, rest.subarray(0, count), rest],
    () => [before, Buffer.from(pick(TOKENS, dice) ?? '', 'latin1'), rest],
    () => [before, Buffer.from(pick(TOKENS, dice) ?? '', 'latin1'), rest.subarray(count)],
    () => [before, Buffer.from(rest.subarray(0, count)).toReversed(), rest.subarray(count)],
    () => [before],
  ];
  return Buffer.concat(pick(ways, dice)?.() ?? []);
}

function cutsOf(size: number, dice: Dice): number[] {
  const kind = dice();
  if (kind < 0.5) return [];
  const count = kind < 0.9 ? 1 + Math.floor(dice() * 3) : 20;
  const cuts = Array.from({ length: count }, () => 1 + Math.floor(dice() * (size - 1)));
  return [...new Set(cuts)].sort((a, b) => a - b);
}

export function pick<T>(list: readonly T[], dice: Dice): T | undefined {
  return list[Math.floor(dice() * list.length)];
}
