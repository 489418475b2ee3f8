import { afterAll, beforeAll, expect, test } from 'bun:test';
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  option,
  record,
} from 'fast-check';
import type { Socket } from 'node:net';
import type { UpstreamReply } from '../../../src/gateway/ports.ts';
import { createDirectUpstream, type OpenUpstream } from '../../../src/upstream/direct/direct-upstream.ts';
import { ByHand, closeAll, closing, provide, request } from './scene.ts';

/** How the provider answers one request, and what the client does with the answer. */
interface Plan {
  readonly framing: 'length' | 'chunked' | 'close' | '204' | '304' | 'head';
  readonly status: number;
  readonly lineEnd: string;
  /** The bytes before the status line. */
  readonly before: string;
  /** The number of times that the answer repeats the request's marker. */
  readonly repeats: number;
  /** The positions at which the answer is cut into pieces, which are written one by one. */
  readonly cuts: readonly number[];
  /** The position at which the connection ends, and the way it ends. */
  readonly ends: { readonly at: number; readonly how: 'fin' | 'rst' } | null;
  readonly late: 'nothing' | 'blank line' | 'garbage' | 'response';
  readonly lateMs: number;
  readonly reads: 'all' | 'first' | 'nothing';
  /** Whether the client leaves after a millisecond. */
  readonly callsOff: boolean;
}

const PLANS: Arbitrary<Plan> = record({
  framing: constantFrom('length', 'length', 'length', 'chunked', 'chunked', 'close', '204', '304', 'head'),
  status: constantFrom(200, 200, 200, 404, 503, 999),
  lineEnd: constantFrom('\r\n', '\r\n', '\n'),
  before: constantFrom('', '', '\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'),
  repeats: constantFrom(0, 1, 40, 4000),
  cuts: array(integer({ min: 1, max: 300 }), { maxLength: 4 }),
  ends: option(record({ at: integer({ min: 0, max: 400 }), how: constantFrom('fin', 'rst') }), { freq: 6 }),
  late: constantFrom('nothing', 'nothing', 'blank line', 'garbage', 'response'),
  lateMs: integer({ min: 0, max: 2 }),
  reads: constantFrom('all', 'all', 'all', 'first', 'nothing'),
  callsOff: constantFrom(false, false, false, true),
});

const plans = new Map<string, Plan>();
/** Sends a second answer as soon as the first one is there. */
const strays = new Map<string, () => unknown>();
let count = 0;
let port = 0;
let upstream: OpenUpstream;

beforeAll(async () => {
  const provided = await provide((socket) => {
    let unread = '';
    let turn = Promise.resolve();
    socket.on('data', (data) => {
      unread += String(data);
      for (;;) {
        const [whole, id] = /^[^]*?x-own: (\d+)\r\n[^]*?\r\n\r\n(?:\{"a":1\})?/.exec(unread) ?? [];
        if (whole === undefined || id === undefined) return;
        unread = unread.slice(whole.length);
        turn = turn.then(() => answer(socket, id));
      }
    });
  });
  ({ port } = provided);
  // A provider that is never trusted again would get only new connections.
  upstream = createDirectUpstream({ distrustMs: 0 });
  closing.push(upstream.close);
});
afterAll(closeAll);

function hasBody({ framing }: Plan): boolean {
  return framing === 'length' || framing === 'chunked' || framing === 'close';
}

/** The provider's answer to the request with this marker. */
function textOf(id: string, plan: Plan): { readonly head: string; readonly body: string } {
  const { framing, lineEnd } = plan;
  const status = framing === '204' || framing === '304' ? framing : plan.status;
  const body = `<${id}>`.repeat(plan.repeats);
  const fields = [`HTTP/1.1 ${status} Some`, `x-id: ${id}`];
  if (framing === 'chunked') fields.push('transfer-encoding: chunked');
  else if (framing !== 'close') fields.push(`content-length: ${body.length}`);
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return {
    head: `${plan.before}${fields.join(lineEnd)}${lineEnd}${lineEnd}`,
    body: framing === 'chunked' ? `${chunk}0\r\n\r\n` : hasBody(plan) ? body : '',
  };
}

async function answer(socket: Socket, id: string): Promise<void> {
  const plan = plans.get(id);
  if (plan === undefined || socket.destroyed) return;
  const { head, body } = textOf(id, plan);
  const text = head + body;
  let at = 0;
  for (const size of [...plan.cuts, text.length]) {
    const end = Math.min(text.length, at + size);
    const cut = plan.ends !== null && plan.ends.at < end ? plan.ends : undefined;
    socket.write(text.slice(at, cut?.at ?? end));
    if (cut !== undefined) return void (cut.how === 'fin' ? socket.end() : socket.resetAndDestroy());
    at = end;
    if (at < text.length) await new Promise((resolve) => setImmediate(resolve));
  }
  if (plan.framing === 'close') return void socket.end();
  await beLate(socket, id, plan);
}

/** Sends bytes that belong to no request before the next answer. */
async function beLate(socket: Socket, id: string, plan: Plan): Promise<void> {
  if (plan.late === 'nothing') return;
  const stray = `<${id}>late`;
  const response = `HTTP/1.1 200 OK\r\nx-id: ${id}\r\ncontent-length: ${stray.length}\r\n\r\n${stray}`;
  const text = { 'blank line': '\r\n', garbage: stray, response }[plan.late];
  const write = (): unknown => socket.destroyed || socket.write(text);
  // A second answer behind the next request is indistinguishable from that request's answer, so this one comes just before it.
  if (plan.late === 'response' && hasBody(plan)) return void strays.set(id, write);
  if (plan.lateMs > 0) await Bun.sleep(plan.lateMs);
  write();
}

interface Received {
  readonly marker: string;
  /** The marker in the header. Undefined without an answer. */
  readonly inHeader: string | null | undefined;
  readonly body: string;
}

async function send(plan: Plan): Promise<Received> {
  const marker = String(count++);
  plans.set(marker, plan);
  const cancellation = new ByHand();
  const method = plan.framing === 'head' ? 'HEAD' : 'POST';
  const body = method === 'HEAD' ? undefined : [Buffer.from('{"a":1}')];
  const clientHeaders = new Headers({ 'x-own': marker });
  const sending = upstream.send(request(port, { method, body, clientHeaders, cancellation }));
  if (plan.callsOff) setTimeout(cancellation.now, 1);
  const reply = await sending;
  const received = await read(reply, plan);
  strays.get(marker)?.();
  strays.delete(marker);
  plans.delete(marker);
  return {
    marker,
    inHeader: reply.kind === 'reply' ? reply.headers.get('x-id') : undefined,
    body: received,
  };
}

async function read(reply: UpstreamReply, { reads }: Plan): Promise<string> {
  if (reply.kind !== 'reply' || reply.body === null) return '';
  let got = '';
  try {
    let isWanted = reads !== 'nothing';
    while (isWanted) {
      const { value } = await reply.body.read();
      if (value === undefined) return got;
      got += Buffer.from(value).toString('latin1');
      isWanted = reads === 'all';
    }
    await reply.body.cancel();
  } catch {
    // The connection broke off. The bytes before that must still belong to this request.
  }
  return got;
}

test('whatever a provider sends, no byte of one answer reaches another request', async () => {
  const batches = array(PLANS, { minLength: 1, maxLength: 24 });
  await assert(
    asyncProperty(batches, integer({ min: 1, max: 3 }), async (batch, atATime) => {
      const waiting = [...batch];
      const work = async (): Promise<void> => {
        for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
          const { marker, inHeader, body } = await send(plan);
          expect(inHeader ?? marker).toBe(marker);
          expect(body).toBe(`<${marker}>`.repeat(plan.repeats).slice(0, body.length));
        }
      };
      await Promise.all(Array.from({ length: atATime }, work));
    }),
    { numRuns: 150 },
  );
}, 180_000);
