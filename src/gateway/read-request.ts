import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { inTurns, LARGE_BYTES, SLICE_BYTES } from '../lib/in-turns.ts';
import {
  MEMBERS_WITH_END_USER,
  peekRequest,
  peekRequestInSlices,
  type RequestPeek,
} from '../protocols/request.ts';
import { insertModel } from '../protocols/splice-request.ts';
import { seeksEndUser } from './attribution.ts';
import { plainBody } from './body/plain-body.ts';
import type { ClientRequest } from './ports.ts';
import { Refusal } from './refusals.ts';

/** A decompressed body, and the facts about it. */
export interface ReadBody {
  readonly body: Uint8Array;
  readonly peek: Exclude<RequestPeek, { kind: 'malformed' }>;
}

/** Reads the body and the facts about it. Returns a promise only if it has to wait. */
export function readRequest(
  request: ClientRequest,
  key: MasterKey | undefined,
  snapshot: Snapshot,
): ReadBody | Promise<ReadBody> {
  const members = membersFor(key, snapshot);
  const arriving = receivedBody(request, key, snapshot);
  return arriving instanceof Promise
    ? arriving.then((body) => readModel(body, request, members))
    : readModel(arriving, request, members);
}

/** Reads the body and decompresses it. */
function receivedBody(
  request: ClientRequest,
  key: MasterKey | undefined,
  { server }: Snapshot,
): Uint8Array | Promise<Uint8Array> {
  const coding = request.headers.get('content-encoding');
  return coding === null
    ? request.readBody(key?.name)
    : plainBody(request, coding, { server, keyName: key?.name });
}

function membersFor(key: MasterKey | undefined, snapshot: Snapshot): readonly string[] | undefined {
  return seeksEndUser(key, snapshot) ? MEMBERS_WITH_END_USER : undefined;
}

/** Extracts the facts about a body. Returns a promise only if it is large, or if its model is inserted. */
function readModel(
  body: Uint8Array,
  request: ClientRequest,
  members: readonly string[] | undefined,
): ReadBody | Promise<ReadBody> {
  const contentType = request.headers.get('content-type') ?? '';
  if (body.length > LARGE_BYTES) return readLarge(body, request, contentType, members);
  const peek = peekRequest(body, contentType, members);
  const missing = modelToInsert(peek, request.azure?.deployment);
  return missing === undefined ? wellFormed(body, peek) : readInserted(body, missing, contentType, members);
}

async function readLarge(
  body: Uint8Array,
  { azure }: ClientRequest,
  contentType: string,
  members: readonly string[] | undefined,
): Promise<ReadBody> {
  const peek = await peekLarge(body, contentType, members);
  const missing = modelToInsert(peek, azure?.deployment);
  return missing === undefined ? wellFormed(body, peek) : readInserted(body, missing, contentType, members);
}

async function readInserted(
  body: Uint8Array,
  model: string,
  contentType: string,
  members: readonly string[] | undefined,
): Promise<ReadBody> {
  const inserted = insertModel(body, model);
  return wellFormed(inserted, await peekLarge(inserted, contentType, members));
}

function wellFormed(body: Uint8Array, peek: RequestPeek): ReadBody {
  if (peek.kind === 'malformed')
    throw new Refusal('invalid_body', { problem: peek.message }, { param: peek.param });
  return { body, peek };
}

/** Azure's clients may omit the model in the body. Other providers expect it there, so it is inserted. */
function modelToInsert(peek: RequestPeek, deployment: string | undefined): string | undefined {
  return peek.kind === 'json' && peek.model === undefined ? deployment : undefined;
}

/** Yields to other requests between slices. */
function peekLarge(
  body: Uint8Array,
  contentType: string,
  members: readonly string[] | undefined,
): Promise<RequestPeek> {
  return inTurns(peekRequestInSlices(body, contentType, { sliceBytes: SLICE_BYTES, members }));
}
