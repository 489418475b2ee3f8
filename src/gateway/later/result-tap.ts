import { decodeLargeBody } from '../../lib/http/content-coding.ts';
import { inTurns, LARGE_BYTES, SLICE_BYTES } from '../../lib/in-turns.ts';
import { createSseSplitter, splitEvents } from '../../lib/sse.ts';
import { AnswerBody } from '../../protocols/answer-body.ts';
import { openaiResponses } from '../../protocols/openai-responses/openai-responses.ts';
import type { Usage } from '../../protocols/protocol.ts';
import type { StreamedAnswer, WholeAnswer } from '../answer.ts';
import { isEventStream } from '../event-stream.ts';
import { type ObjectTap, wholeTap } from '../objects/object-tap.ts';
import type { ServedRequest } from '../settle.ts';
import { type AnswerMembers, membersOf } from './answer-members.ts';
import { inBatch, linesTap } from './lines-tap.ts';
import type { LaterEvent } from './later-costs.ts';
import { laterSubject } from './later-subject.ts';

/** A background response may contain images. Above this size its use stays an estimate. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Returns the tap for an answer that may report the use of earlier work; undefined for all others. */
export function resultTap(
  { status, headers }: Pick<WholeAnswer | StreamedAnswer, 'status' | 'headers'>,
  served: ServedRequest,
): ObjectTap | undefined {
  const { planned, execution, gateway } = served;
  if (status !== 200) return undefined;
  const subject = laterSubject(planned.request.method, planned.request.path);
  const provider = execution.history.at(-1)?.route.provider;
  const later = subject && gateway.later?.();
  if (later === undefined || subject === undefined || provider === undefined) return undefined;
  const { id, kind } = subject;
  const note = (event: LaterEvent): void => later.note(event);
  const coding = headers.get('content-encoding');
  if (kind === 'lines') return linesTap({ id, provider, coding, costs: gateway.costs, note });
  if (isEventStream(headers)) {
    const ended = (usage: Usage): void =>
      note({ type: 'ended', id, provider, uses: [{ model: undefined, usage, requests: 1 }] });
    return kind === 'response' ? eventsTap(ended) : undefined;
  }
  const take = (members: AnswerMembers | undefined): void => {
    if (members === undefined) return;
    const event =
      kind === 'response' ? responseEvent(id, provider, members) : batchEvent(id, provider, members);
    if (event !== undefined) note(event);
  };
  return wholeTap(MOST_BYTES, (bytes) => void readWhole(bytes, coding).then(take));
}

/** A stored response that is streamed again. Its last event reports the usage. */
function eventsTap(ended: (usage: Usage) => void): ObjectTap {
  const splitter = createSseSplitter(MOST_BYTES);
  const reader = openaiResponses.readStream();
  let isGivenUp = false;
  return {
    push(bytes) {
      const block = isGivenUp ? undefined : splitter.push(Uint8Array.from(bytes));
      if (block === undefined) isGivenUp = true;
      else for (const { name, data } of splitEvents(block)) reader.read(name, data);
    },
    end() {
      const usage = reader.usage();
      if (usage !== undefined) ended(usage);
    },
  };
}

async function readWhole(bytes: Uint8Array, coding: string | null): Promise<AnswerMembers | undefined> {
  const decoded = await decodeLargeBody(bytes, coding, MOST_BYTES);
  if (typeof decoded === 'string') return undefined;
  const body = new AnswerBody(decoded);
  if (decoded.byteLength > LARGE_BYTES) await inTurns(body.scanInSlices(SLICE_BYTES));
  return membersOf(body);
}

/** A failed response without a report used nothing. Any other keeps its estimate until there is a report. */
function responseEvent(
  id: string,
  provider: string,
  { status, usage }: AnswerMembers,
): LaterEvent | undefined {
  if (status === 'queued' || status === 'in_progress') return undefined;
  if (usage === undefined && status !== 'failed') return undefined;
  const uses = usage === undefined ? [] : [{ model: undefined, usage, requests: 1 }];
  return { type: 'ended', id, provider, uses };
}

/** A batch that has ended. OpenAI reports what all its requests used; others leave that to the file of results. */
function batchEvent(
  id: string,
  provider: string,
  { status, usage, model, requests, outputFile }: AnswerMembers,
): LaterEvent | undefined {
  if (status === undefined || !ENDED.has(status)) return undefined;
  if (usage !== undefined && (usage.totalTokens ?? 0) > 0 && model !== undefined)
    return { type: 'ended', id, provider, uses: [{ model, usage: inBatch(usage), requests }] };
  return outputFile === undefined ? undefined : { type: 'output', id, provider, file: outputFile };
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'expired', 'cancelled', 'failed']);
