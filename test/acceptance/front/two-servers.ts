import { seededDice } from '../../simulation/seeded-dice.ts';
import { decodedEcho, type EchoGateway, startEchoGateway } from './echo-gateway.ts';
import { formOf, type RequestForm } from './request-forms.ts';
import { connectTo, quiet, turn, type Wire } from './wire.ts';
/** The results of many connections on two servers. */
export interface Comparison {
  /** Connections on which both servers read the same requests. */
  same: number;
  /** The lean server served nothing, so that nothing can be wrong. A part of these is compared all the same. */
  refused: number;
  /** The lean server refused what the other one served. */
  stricter: number;
  /** The lean server answered requests that were sent ahead, as the other one does when they are sent one by one. */
  ahead: number;
  /** Requests that reached a provider through the lean server. */
  served: number;
  /** The lean server read something else, or served what the other one refuses. There must be none. */
  readonly wrong: string[];
  /** Plain requests that the lean server did not serve. There must be none. */
  readonly lost: string[];
}

export interface TwoServers {
  /** Compares a form while nothing else happens. */
  readonly compare: (form: RequestForm, into: Comparison) => Promise<void>;
  /** Compares a form beside others. Resolves with false, and counts nothing, unless both servers read it alike. */
  readonly readAlike: (form: RequestForm, into: Comparison) => Promise<boolean>;
  readonly stop: () => Promise<void>;
}

/** Turns of the event loop in which nothing happens on a connection, after which it is over. */
const QUIET_TURNS = 60;
/** The same for a client that awaits its answers. */
const PAUSE_TURNS = 30;
const LONG_TURNS = 200;
/**
 * How many times longer a comparison waits each time it is repeated. An answer may arrive after a connection seemed quiet.
 * The longest waits may pass the time limits of the runtime's server on a busy machine.
 */
const PATIENCE = [1, 4, 20] as const;

/** Starts a gateway with each engine. */
export function startTwoServers(): TwoServers {
  const lean = startEchoGateway('lean');
  const runtime = startEchoGateway('runtime');
  return {
    compare: (form, into) => compare(form, { lean, runtime }, into),
    readAlike: async (form, into) => count(form, await playBoth(form, { lean, runtime }, 1), into),
    stop: async () => void (await Promise.all([lean.stop(), runtime.stop()])),
  };
}

export function emptyComparison(): Comparison {
  return { same: 0, refused: 0, stricter: 0, ahead: 0, served: 0, wrong: [], lost: [] };
}

/** Compares the forms of these numbers, many at a time. Repeats what seems wrong one by one. */
export async function compareForms(
  { from, to, seed }: { readonly from: number; readonly to: number; readonly seed: number },
  servers: TwoServers,
  into: Comparison,
): Promise<void> {
  let next = from;
  const repeated: RequestForm[] = [];
  const play = async (): Promise<void> => {
    while (next < to) {
      const id = next++;
      const form = formOf(id, seededDice(seed * 1_000_003 + id));
      if (!(await servers.readAlike(form, into))) repeated.push(form);
    }
  };
  await Promise.all(Array.from({ length: 48 }, play));
  for (const form of repeated) await servers.compare(form, into);
}

interface Sides {
  readonly lean: EchoGateway;
  readonly runtime: EchoGateway;
}

async function compare(form: RequestForm, sides: Sides, into: Comparison): Promise<void> {
  let last: BothReadings | undefined;
  for (const patience of PATIENCE) {
    last = await playBoth(form, sides, patience);
    if (count(form, last, into)) return;
  }
  if (last === undefined) return;
  const { verdict, ours, theirs } = last;
  into.served += ours.length;
  if (isLost(form, last)) into.lost.push(`${form.id}: ${base64(form)}`);
  if (verdict === 'wrong')
    into.wrong.push(`${form.id}: ${printed(ours)} and not ${printed(theirs)}: ${base64(form)}`);
}

/** Counts a form unless something seems wrong. Returns whether it did. */
function count(form: RequestForm, read: BothReadings, into: Comparison): boolean {
  if (read.verdict === 'wrong' || isLost(form, read)) return false;
  into.served += read.ours.length;
  into[read.verdict] += 1;
  return true;
}

interface BothReadings {
  readonly verdict: 'same' | 'refused' | 'stricter' | 'ahead' | 'wrong';
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

function isLost(form: RequestForm, { ours }: BothReadings): boolean {
  return form.isPlain && ours.length !== 1;
}

async function playBoth(
  form: RequestForm,
  { lean, runtime }: Sides,
  patience: number,
): Promise<BothReadings> {
  const ours = await play(form, lean, patience);
  if (ours.length === 0 && form.id % 10 > 0) return { verdict: 'refused', ours, theirs: [] };
  const theirs = await play(form, runtime, patience);
  if (equal(ours, theirs)) return { verdict: 'same', ours, theirs };
  if (ours.length < theirs.length && equal(ours, theirs.slice(0, ours.length)))
    return { verdict: 'stricter', ours, theirs };
  // Few pauses are usually enough. With many, the time limits of the runtime's server may pass on a busy machine.
  for (const pauses of [requestEnds(form), possibleEnds(form)]) {
    const slowly = await playSlowly(form, { pauses, served: ours.length, patience }, runtime);
    if (isPartOf(ours, slowly)) return { verdict: 'ahead', ours, theirs };
  }
  return { verdict: 'wrong', ours, theirs };
}

/** Sends a form over one connection. Returns how the provider read its requests. */
async function play(
  { id, bytes, cuts, isPaced }: RequestForm,
  side: EchoGateway,
  patience: number,
): Promise<readonly string[]> {
  const wire = await connectTo(side.port);
  // Requests of an earlier comparison may have arrived late.
  side.seen.delete(id);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    wire.write(bytes.subarray(from, cut));
    from = cut;
    if (cut < bytes.length) await (isPaced ? quiet(wire, PAUSE_TURNS * patience) : turn());
  }
  await quiet(wire, QUIET_TURNS * patience);
  return finish(wire, id, side);
}

/**
 * Sends a form to the other server with pauses until as many requests were served as by the lean server. The runtime's server does not answer requests that were sent ahead, and what it served before it met a fault in a
 * chunked body depends on when the fault arrives.
 */
async function playSlowly(
  { bytes, id }: RequestForm,
  { pauses, served, patience }: Slowness,
  side: EchoGateway,
): Promise<readonly string[]> {
  const wire = await connectTo(side.port);
  side.seen.delete(id);
  let from = 0;
  for (const to of pauses) {
    if (wire.isClosed() || (side.seen.get(id)?.length ?? 0) >= served) break;
    wire.write(bytes.subarray(from, to));
    from = to;
    await quiet(wire, LONG_TURNS * patience);
  }
  return finish(wire, id, side);
}

interface Slowness {
  readonly pauses: readonly number[];
  /** How many requests the lean server has served. */
  readonly served: number;
  readonly patience: number;
}

/** Where requests were to end, and where they declare their ends. */
function requestEnds({ bytes, ends }: RequestForm): readonly number[] {
  const pauses = new Set([...ends, bytes.length]);
  for (let from = 0; from < bytes.length;) {
    from = declaredEnd(bytes, from);
    pauses.add(from);
  }
  return [...pauses].filter((pause) => pause <= bytes.length).sort((a, b) => a - b);
}

/** Also behind the first head, and each line behind it. */
function possibleEnds(form: RequestForm): readonly number[] {
  const { bytes } = form;
  const pauses = new Set(requestEnds(form));
  const text = bytes.toString('latin1');
  pauses.add(text.indexOf('\r\n\r\n') + 4);
  for (
    let at = text.indexOf('\n', text.indexOf('\n\r\n') + 3);
    at !== -1 && pauses.size < 40;
    at = text.indexOf('\n', at + 1)
  )
    pauses.add(at + 1);
  return [...pauses].filter((pause) => pause <= bytes.length).sort((a, b) => a - b);
}

/** The end of a request by its declared length; without one, the end of its head if it is a GET, or of all bytes. */
function declaredEnd(bytes: Buffer, from: number): number {
  const headEnd = bytes.indexOf('\r\n\r\n', from) + 4;
  const head = bytes.toString('latin1', from, headEnd);
  const length = /\r\ncontent-length:[\t ]*(\d{1,6})[\t ]*\r\n/i.exec(head)?.[1];
  if (headEnd <= from) return bytes.length;
  if (length === undefined) return head.startsWith('GET ') ? headEnd : bytes.length;
  return headEnd + Number(length);
}

/** The provider's record and the answers both count: a request may have lost its mark, or its answer may not have arrived. */
function finish(wire: Wire, id: number, { seen }: EchoGateway): readonly string[] {
  const answered = wire.answers().flatMap(({ echo }) => (echo === undefined ? [] : [decodedEcho(echo)]));
  wire.end();
  const recorded = seen.get(id) ?? [];
  seen.delete(id);
  return [...recorded, ...answered.filter((echo) => !recorded.includes(echo))];
}

function equal(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each, at) => each === others[at]);
}

/** Requests without a mark are the last in a record, so the order may differ. */
function isPartOf(some: readonly string[], all: readonly string[]): boolean {
  return some.every((each) => all.includes(each));
}

function printed(echoes: readonly string[]): string {
  return echoes.length === 0 ? 'nothing' : echoes.join(' | ');
}

function base64({ bytes, cuts }: RequestForm): string {
  return `${bytes.length > 6_000 ? `${bytes.length} bytes` : bytes.toString('base64')} cut at ${cuts.join()}`;
}
