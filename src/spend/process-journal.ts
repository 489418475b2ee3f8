import type { RequestEnded } from '../gateway/events.ts';
import type { Journal, JournaledRequest } from '../gateway/limits/ports.ts';
import { Refusal } from '../gateway/refusals.ts';
import type { Emit } from '../gateway/ports.ts';
import { type CounterAmount, windowKey } from '../limits/counter-amount.ts';
import { ownerColumns } from '../store/records/request-record.ts';
import { briefClose, type BriefUses } from './journal/brief-close.ts';
import type { OpenLine, WrittenHolds } from './journal/line.ts';
import { holdLife } from './journal/life-lock.ts';
import { JournalWriter, type WriterOptions } from './journal/writer.ts';

/** The settings of one process's journal. They can be sent to another process. */
export interface JournalOrders extends Omit<WriterOptions, 'onTrouble' | 'isJoined'> {
  readonly onFull: 'serve' | 'refuse';
}

/** The journal of one process that serves requests. */
export interface ProcessJournal extends Journal {
  /** Receives every event. Records the end of requests without holds. */
  readonly listen: Emit;
  /** Writes the waiting lines, so that other processes can read them. */
  readonly flush: () => void;
  /** Whether lines wait in memory because the disk does not accept them. */
  readonly isDegraded: () => boolean;
  /** Lines lost since the start. */
  readonly dropped: () => number;
  /** Writes the rest. */
  readonly end: () => void;
}

export interface JournalSources {
  /** Milliseconds since 1970. */
  readonly epochMs: () => number;
  readonly onTrouble: WriterOptions['onTrouble'];
  /**
   * Calls a function before anything is sent to a provider or a client, until the function that it returns is called.
   * The lines of the requests that begin meanwhile are written at once then; undefined: each is written by itself.
   */
  readonly beforeWrites?: (write: () => void) => () => void;
}

/** Opens the journal of this process. Its file is made with the first line. */
export function openProcessJournal(
  orders: JournalOrders,
  { epochMs, onTrouble, beforeWrites }: JournalSources,
): ProcessJournal {
  const release = holdLife(orders);
  // A request that is refused because of a full disk has to know before it goes on.
  const isJoined = beforeWrites !== undefined && orders.onFull === 'serve';
  const writer = new JournalWriter({ ...orders, onTrouble, isJoined }, lineOf);
  const leave = beforeWrites?.(writer.flush);
  const sheets = new WrittenSheets(writer);
  /** Requests that have released their holds, until their end is written. */
  const settled = new Map<string, JournaledRequest>();
  let closed: string | undefined;
  const note = (ended: RequestEnded, uses: readonly CounterAmount[]): void => {
    const request = takeFrom(settled, ended.requestId);
    const end = {
      endedAtMs: epochMs(),
      holdNano: request && heldNano(request),
      hasSheet: sheets.isWritten(ended.cost?.priceRef),
      uses: briefUses(uses),
    };
    writer.close(briefClose(ended, end), request);
  };
  return {
    open(request) {
      writer.open(request);
      if (writer.isDegraded && orders.onFull === 'refuse')
        throw new Refusal('journal_unavailable', {}, { headers: { 'retry-after': '1' } });
    },
    grow(request) {
      request.atMs = epochMs();
      const { requestId: id, atMs } = request;
      writer.grow({ t: 'grow', id, atMs, holds: briefUses(request.holds()), holdNano: heldNano(request) });
    },
    settle: (request) => void settled.set(request.requestId, request),
    drop(id) {
      const request = takeFrom(settled, id);
      if (request !== undefined) writer.close({ t: 'drop', id }, request);
    },
    close(requestId, ended, uses) {
      // Its event follows at once and must not be recorded again.
      closed = requestId;
      note(ended, uses);
    },
    listen(event) {
      if (event.type !== 'request-ended') return;
      if (closed !== event.requestId) note(event, []);
      closed = undefined;
    },
    flush: writer.flush,
    isDegraded: () => writer.isDegraded,
    dropped: () => writer.dropped,
    end() {
      leave?.();
      writer.end();
      release();
    },
  };
}

function takeFrom(requests: Map<string, JournaledRequest>, id: string): JournaledRequest | undefined {
  const request = requests.get(id);
  if (request !== undefined) requests.delete(id);
  return request;
}

/** The prices that a file already contains: each is written once. */
class WrittenSheets {
  readonly #writer: Pick<JournalWriter, 'generation'>;
  readonly #refs = new Set<string>();
  #generation = -1;

  constructor(writer: Pick<JournalWriter, 'generation'>) {
    this.#writer = writer;
  }

  /** Whether the file has the prices. From now on it has. */
  isWritten(ref: string | undefined): boolean {
    if (ref === undefined) return true;
    if (this.#generation !== this.#writer.generation) this.#refs.clear();
    this.#generation = this.#writer.generation;
    if (this.#refs.has(ref)) return true;
    this.#refs.add(ref);
    return false;
  }
}

function lineOf(request: JournaledRequest): WrittenHolds<OpenLine> {
  const { requestId, atMs, model, keyName, attribution } = request;
  const owners = ownerColumns(attribution);
  return {
    t: 'open',
    id: requestId,
    atMs,
    holds: briefUses(request.holds()),
    holdNano: heldNano(request),
    names: {
      key: keyName ?? null,
      model,
      keyId: owners.keyId,
      team: owners.team,
      teamPath: owners.teamPath,
      teamIds: owners.teamIds,
      userId: owners.userId,
      userName: owners.userName,
      endUser: owners.endUser,
      tags: owners.tags,
    },
  };
}

function briefUses(amounts: readonly CounterAmount[]): BriefUses {
  const uses: (string | number)[] = [];
  for (const { counter, windowMs, key, amount } of amounts)
    uses.push(key ?? windowKey(counter, windowMs), whole(amount));
  return uses;
}

/** A provider may report any number, and a number that the database refuses would block all later lines. */
function whole(amount: number): number {
  return Number.isFinite(amount) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(amount))) : 0;
}

/** Whole nano-dollars; undefined: no limit counts money. */
function heldNano(request: JournaledRequest): number | undefined {
  const nano = request.heldNano();
  return nano === undefined ? undefined : whole(nano);
}
