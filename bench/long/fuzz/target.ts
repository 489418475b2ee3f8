import { LastRequestHead } from '../../../src/http1/last-request-head.ts';
import { LastResponseHead } from '../../../src/http1/last-response-head.ts';
import { apiPath } from '../../../src/lib/api-path.ts';
import { parseRequestHead, type RequestHead } from '../../../src/http1/request-head.ts';
import { ProtocolFault } from '../../../src/http1/response-head.ts';
import { ResponseReader } from '../../../src/http1/response-reader.ts';
import { readAsNode } from './node-parser.ts';

const EMPTY_LINE = '\r\n\r\n';

/** The fuzzer's entry point for each input. The first byte chooses the check. Throws if the check fails. */
export function fuzz(input: Buffer): void {
  const bytes = input.subarray(1);
  const kind = (input[0] ?? 0) % 3;
  if (kind === 0) tryHead(bytes.toString('latin1'));
  else if (kind === 1) tryRepeatedHead(bytes);
  else tryAnswer(bytes);
}

/** Checks that Node.js's parser accepts every input that ours accepts, with the same meaning. */
function tryHead(text: string): void {
  const [head = ''] = text.split(EMPTY_LINE);
  const ours = parseRequestHead(head);
  if (ours === undefined) return;
  const theirs = readAsNode(Buffer.from(head + EMPTY_LINE, 'latin1'));
  if (theirs === undefined) throw new Error('only ours accepts a head');
  equal(meaningOf(ours), { ...theirs, url: normalised(theirs.url) }, 'a head');
  const length = theirs.fields['content-length'];
  const isFramed = ours.method === 'GET' ? length === undefined : /^\d{1,12}$/.test(String(length));
  if (!isFramed) throw new Error('no plain length');
}

function meaningOf({ method, path, azure, search, headers }: RequestHead): unknown {
  return { method, url: { path, azure, search }, fields: { ...headers.toJSON() } };
}

/** The path must be such that nothing but `apiPath` changes it. */
function normalised(target: string): unknown {
  const origin = 'http://gateway';
  if (new URL(origin + target).href !== origin + target) throw new Error(`${target} has another form`);
  const [path = '', ...query] = target.split('?');
  return { ...apiPath(path), search: query.length === 0 ? '' : `?${query.join('?')}` };
}

/** A head that is known from the last request has the meaning that the parser gives it. */
function tryRepeatedHead(bytes: Buffer): void {
  const cut = bytes.indexOf(0);
  if (cut === -1) return;
  const last = new LastRequestHead();
  const [first = ''] = bytes.toString('latin1', 0, cut).split(EMPTY_LINE);
  if (last.read(first) === undefined) return;
  const next = bytes.subarray(cut + 1);
  const found = last.find(next);
  if (found === undefined) return;
  const text = next.toString('latin1');
  const read = parseRequestHead(text.slice(0, text.indexOf(EMPTY_LINE)));
  if (read === undefined) throw new Error('only a known head is accepted');
  equal(meaningOf(found.head), meaningOf(read), 'a repeated head');
  equal([found.head.contentLength, found.head.isLast], [read.contentLength, read.isLast], 'its length');
  if (found.bytes !== text.indexOf(EMPTY_LINE) + 4) throw new Error('a repeated head ends elsewhere');
}

/** An answer is the same in one piece, byte by byte, and on a connection that has seen its head. */
function tryAnswer(bytes: Buffer): void {
  const last = new LastResponseHead();
  const whole = readAnswer([bytes], last);
  const bit = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  equal(readAnswer(bit), whole, 'an answer that comes byte by byte');
  equal(readAnswer([bytes], last), whole, 'a repeated answer');
}

function readAnswer(pieces: readonly Buffer[], last?: LastResponseHead): unknown {
  const reader = new ResponseReader('POST', last);
  const body: Uint8Array[] = [];
  let fault = false;
  try {
    for (const piece of pieces) body.push(reader.take(Buffer.from(piece)) ?? new Uint8Array());
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    fault = true;
  }
  // The bytes read before a fault depend on the pieces.
  if (fault) return 'fault';
  const { head, isComplete, staysOpen } = reader;
  const fields = { ...head?.headers.toJSON() };
  return {
    status: head?.status,
    fields,
    body: Buffer.concat(body).toString('latin1'),
    isComplete,
    staysOpen,
  };
}

function equal(some: unknown, other: unknown, what: string): void {
  const [left, right] = [JSON.stringify(sorted(some)), JSON.stringify(sorted(other))];
  if (left !== right) throw new Error(`${what} differs: ${left} and ${right}`);
}

/** Objects with their members in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value)
    .map(([name, member]): [string, unknown] => [name, sorted(member)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
