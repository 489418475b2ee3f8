import type { Fields } from '../../lib/http/fields.ts';
import { decodeBody } from '../../lib/http/content-coding.ts';
import { scanObject, valueAt } from '../../lib/json/json-scan.ts';
import { asObject } from '../../protocols/json-object.ts';
import type { StreamedAnswer, WholeAnswer } from '../answer.ts';
import { isEventStream } from '../event-stream.ts';
import type { ObjectOwner } from './object-owners.ts';
import type { TranslationNote } from '../translated/reply-translation.ts';
import { laterKind } from '../later/later-kind.ts';
import { isMadeAt, subjectOf } from './path-subject.ts';
import type { ServedRequest } from '../settle.ts';
import { type ObjectTap, wholeTap } from './object-tap.ts';

/** Answers that report a new object are never larger. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Returns the tap that finds the ids of objects that a request created in its answer, to assign them to the request's
 * key; undefined for most answers, which create no stored object.
 */
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
  if (isStreamed && isEventStream(headers)) return firstIdTap(note);
  const coding = headers.get('content-encoding');
  return wholeTap(MOST_BYTES, (whole) => {
    const bytes = decodeBody(whole, coding, MOST_BYTES);
    if (typeof bytes !== 'string') for (const [key, id] of idsIn(bytes)) note(id, key);
  });
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
  const stores = plan.peek.kind === 'json' ? plan.peek.stores : undefined;
  if (name === 'openai-chat') return request.method === 'POST' && stores === true;
  if (name === 'openai-responses') return request.method === 'POST' && stores !== false;
  if (name !== 'opaque') return false;
  const { kind } = subjectOf(request.method, request.path);
  return kind === 'new-object' || kind === 'object' || isMadeAt(request.method, request.path);
}

function isTranslated({ pair }: TranslationNote): boolean {
  const [from, to] = pair.split('>');
  return from !== to;
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
