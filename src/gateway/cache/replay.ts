import type { CacheRule } from '../../config/caching.ts';
import type { AnswerFields, ClientAnswer, ClientStream } from '../client-answer.ts';
import type { Ending } from '../events.ts';
import type { Clock, Gateway } from '../ports.ts';
import type { PlannedRequest } from '../request-context.ts';
import { type Flight, Passenger, type Sent } from './flight.ts';
import { isEventStream, ownFields, sharedFields } from './shared-fields.ts';
import { reportShared } from './shared-report.ts';
import type { StoredAnswer } from './stored-answer.ts';

interface Asked {
  readonly planned: PlannedRequest;
  readonly gateway: Gateway;
}

/** Answers with what the cache has: at once, or in the time that it took the provider. */
export function replay(found: StoredAnswer, rule: CacheRule, { planned, gateway }: Asked): ClientAnswer {
  const { clock } = gateway;
  const { status, pieces, isStream, storedAtMs } = found;
  const nowMs = clock.nowMs();
  const fields = ownFields({ ...found.fields }, planned, nowMs);
  fields['age'] = String(Math.floor((nowMs - storedAtMs) / 1000));
  const end = (ending: Ending): void =>
    reportShared(
      { planned, gateway },
      {
        ending,
        status,
        code: undefined,
        isStreamed: isStream,
        firstByteAtMs: nowMs,
        overheadMs: nowMs - planned.plannedAtMs,
      },
      found.costNano,
    );
  if (rule.isPaced && pieces.length > 1) {
    let isLeft = false;
    const cancel = (): void => {
      isLeft = true;
      end('client-left');
    };
    return {
      kind: 'streamed',
      status,
      fields,
      send: async (client) => {
        const sent = await pace(found, watched(client, fields, { planned, gateway }), {
          clock,
          hasLeft: () => isLeft,
        });
        end(sent === 'left' ? 'client-left' : 'complete');
        if (sent === 'closed') client.close();
      },
      cancel,
    };
  }
  const [only] = pieces;
  const body = pieces.length === 1 && only !== undefined ? only.bytes : joined(found);
  tellBytes(body, fields, { planned, gateway });
  end('complete');
  return { kind: 'whole', status, fields, body };
}

function joined({ pieces }: StoredAnswer): Uint8Array {
  return Buffer.concat(pieces.map(({ bytes }) => bytes));
}

interface Pacing {
  readonly clock: Clock;
  readonly hasLeft: () => boolean;
}

/** Writes the pieces when they came. Never rejects. */
async function pace(
  { pieces }: StoredAnswer,
  client: ClientStream,
  { clock, hasLeft }: Pacing,
): Promise<Sent> {
  const beganAtMs = clock.nowMs();
  try {
    for (const { bytes, atMs } of pieces) {
      const waitMs = beganAtMs + atMs - clock.nowMs();
      if (waitMs > 0) await new Promise<void>((resolve) => void clock.setTimer(waitMs, resolve));
      if (hasLeft()) return 'left';
      const accepted = client.write(bytes);
      if (accepted !== undefined) await accepted;
    }
  } catch {
    // The connection to the client has failed.
    return 'left';
  }
  return hasLeft() ? 'left' : 'closed';
}

/** Answers with what an identical request under way gets. */
export async function ride(flight: Flight, { planned, gateway }: Asked): Promise<ClientAnswer> {
  const { signal } = planned.request;
  const passenger = new Passenger(flight, signal);
  const answer = await flight.answer;
  const { status } = answer;
  const nowMs = gateway.clock.nowMs();
  const fields = ownFields(sharedFields(answer.fields), planned, nowMs);
  const isStreamed = answer.kind === 'streamed' && isEventStream(fields);
  const end = (ending: Ending): void =>
    reportShared(
      { planned, gateway },
      { ending, status, code: flight.end?.code, isStreamed, firstByteAtMs: nowMs, overheadMs: undefined },
      flight.cost,
    );
  if (answer.kind === 'whole') {
    const body = withOwnId(answer.body, answer.fields, planned);
    passenger.arrive();
    if (body !== null) tellBytes(body, fields, { planned, gateway });
    end(signal.aborted ? 'client-left' : (flight.end?.ending ?? 'failed'));
    return { kind: 'whole', status, fields, body };
  }
  return {
    kind: 'streamed',
    status,
    fields,
    send: async (client) =>
      end(endingOf(await passenger.send(watched(client, fields, { planned, gateway })), flight)),
    cancel() {
      passenger.leave();
      end('client-left');
    },
  };
}

function endingOf(sent: Sent, { end }: Flight): Ending {
  if (sent === 'left') return 'client-left';
  if (sent === 'reset') return 'truncated';
  return end?.ending ?? 'failed';
}

/** An error of the gateway names the request that it answers. */
function withOwnId(
  body: Uint8Array | string | null,
  { 'x-llm-proxy-request-id': theirs }: AnswerFields,
  { id }: PlannedRequest,
): Uint8Array | string | null {
  return typeof body === 'string' && theirs !== undefined ? body.replaceAll(theirs, id) : body;
}

/** Reports the bytes sent to the client, if the configuration enables that. */
function tellBytes(bytes: Uint8Array | string, fields: AnswerFields, { planned, gateway }: Asked): void {
  if (!planned.snapshot.logging.separateFiles) return;
  const sent = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  gateway.emit({ type: 'answer-bytes', requestId: planned.id, headers: new Headers(fields), bytes: sent });
}

function watched(client: ClientStream, fields: AnswerFields, asked: Asked): ClientStream {
  if (!asked.planned.snapshot.logging.separateFiles) return client;
  return {
    write(bytes) {
      tellBytes(bytes, fields, asked);
      return client.write(bytes);
    },
    close: () => client.close(),
    reset: () => client.reset(),
  };
}
