import type { Fields } from '../../lib/http/fields.ts';
import { decodeBody } from '../../lib/http/content-coding.ts';
import { scanObject, valueAt } from '../../lib/json/json-scan.ts';
import { asObject } from '../../protocols/json-object.ts';
import type { StreamedAnswer, WholeAnswer } from '../answer.ts';
import type { ObjectOwner } from './object-owners.ts';
import type { TranslationNote } from '../translated/reply-translation.ts';
import { laterKind } from '../later/later-kind.ts';
import { isMadeAt, subjectOf } from './path-subject.ts';
import type { ServedRequest } from '../settle.ts';

/** Answers that report a new object are never larger. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Finds the ids of objects that a request created in its answer, to assign them to the request's key. */
export interface ObjectTap {
  /** Call with each piece of the answer, before the client receives it. */
  readonly push: (bytes: Uint8Array) => void;
  /** Call when the answer is complete. */
  readonly end: () => void;
}

/** Returns the tap for an answer; undefined for most answers, which create no stored object. */
export function objectTap(
  { status, headers, kind }: Pick<WholeAnswer | StreamedAnswer, 'status' | 'headers' | 'kind'>,
  served: ServedRequest,
): ObjectTap | undefined {
  const provider = served.execution.history.at(-1)?.route.provider;
  if (provider === undefined || status > 299 || !makesObjects(served)) return undefined;
  return tapFor(kind === 'streamed', headers, served, provider);
}

/** Apart, so that most answers make no closure. */
function tapFor(isStreamed: boolean, headers: Fields, served: ServedRequest, provider: string): ObjectTap {
  const { key } = served.planned;
  const owner: ObjectOwner = { keyId: key?.id ?? '', keyName: key?.name ?? '', provider };
  const { planned, gateway } = served;
  const beginsLater = gateway.later !== undefined && laterKind(planned) !== undefined;
  const note = (id: unknown, key = 'id'): void => {
    if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID) return;
    gateway.objects.note(id, owner);
    if (beginsLater && key === 'id') planned.laterId = id;
  };
  if (isStreamed && isEvents(headers)) return firstIdTap(note);
  return wholeTap(headers.get('content-encoding'), note);
}

/** `key`: the member that names it. */
type NoteId = (id: unknown, key?: string) => void;

const LONGEST_ID = 512;

/** Whether the answer may report an object that its provider stores. Checks the most frequent requests first. */
function makesObjects({ planned, execution }: ServedRequest): boolean {
  // Ids in a translated answer are not stored by the provider.
  if (execution.note !== undefined && isTranslated(execution.note)) return false;
  const { plan, request } = planned;
  const { name } = plan.clientProtocol;
  if (name === 'openai-chat') return request.method === 'POST' && storeOf(plan.body) === 'true';
  if (name === 'openai-responses') return request.method === 'POST' && storeOf(plan.body) !== 'false';
  if (name !== 'opaque') return false;
  const { kind } = subjectOf(request.method, request.path);
  return kind === 'new-object' || kind === 'object' || isMadeAt(request.method, request.path);
}

function isTranslated({ pair }: TranslationNote): boolean {
  const [from, to] = pair.split('>');
  return from !== to;
}

const STORE = Buffer.from('"store"');

/**
 * Returns the value of `store` in a body, or undefined. The match is approximate, since a wrong guess costs only a
 * table entry.
 */
function storeOf(body: Uint8Array): string | undefined {
  // A view of its own for each body would cost more than the search.
  const at = Buffer.prototype.indexOf.call(body, STORE);
  if (at === -1) return undefined;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return /^\s{0,8}:\s{0,8}(true|false)/.exec(bytes.toString('latin1', at + STORE.length, at + 48))?.[1];
}

function isEvents(headers: Fields): boolean {
  return headers.get('content-type')?.toLowerCase().startsWith('text/event-stream') ?? false;
}

/** In a stream of the Responses API, the first id is the response's. */
function firstIdTap(note: NoteId): ObjectTap {
  let text = '';
  let isOver = false;
  return {
    push(bytes) {
      if (isOver) return;
      text += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', 0, SEARCHED);
      const id = /"id"\s{0,8}:\s{0,8}"([^"\\]{1,512})"/.exec(text)?.[1];
      isOver = id !== undefined || text.length > SEARCHED;
      note(id);
    },
    end: () => undefined,
  };
}

const SEARCHED = 8 * 1024;

/** Buffers an answer of limited size until its end, and then looks for ids in it. */
function wholeTap(coding: string | null, note: NoteId): ObjectTap {
  const pieces: Uint8Array[] = [];
  let size = 0;
  return {
    push(bytes) {
      size += bytes.byteLength;
      if (size <= MOST_BYTES) pieces.push(Uint8Array.from(bytes));
      else pieces.length = 0;
    },
    end() {
      const bytes = decodeBody(Buffer.concat(pieces), coding, MOST_BYTES);
      if (typeof bytes !== 'string') for (const [key, id] of idsIn(bytes)) note(id, key);
    },
  };
}

/** A batch reports the files that it produced, and an upload its final file. */
const MEMBERS = ['id', 'output_file_id', 'error_file_id', 'file'];

function idsIn(answer: Uint8Array): (readonly [key: string, id: unknown])[] {
  const scan = scanObject(answer, MEMBERS);
  if (scan.kind !== 'object') return [];
  return scan.members.map(({ key, valueStart, valueEnd }) => {
    const value = valueAt(answer, valueStart, valueEnd);
    return [key, typeof value === 'string' ? value : asObject(value)?.['id']];
  });
}
