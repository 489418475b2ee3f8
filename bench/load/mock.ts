/**
 * The provider behind every proxy that is measured: as little as can answer truthfully, so that the figures are the
 * proxies'. It only looks for the end of each request, and answers with a whole body or, on request, with a stream.
 */
import type { Socket } from 'bun';
import { wallMicros } from '../measure/wall-clock.ts';
import { DIGITS, EVENT, LAST_EVENTS, MARK, WHOLE } from './chat-event.ts';

interface Connection {
  /** The bytes of a head that is not complete. */
  head: string;
  /** Bytes of the body still to come. For a chunked body, whose end is in its bytes, it is -1. */
  bodyLeft: number;
  /** Whether the arriving request asks for a stream. It is determined only while streams are being measured. */
  wantsStream: boolean;
  isStreaming: boolean;
  startedAtMs: number;
  events: number;
  /** Bytes that the socket did not accept. */
  unsent: Uint8Array | undefined;
}

/** How requests for a stream are answered. */
export interface StreamManner {
  /** Events a second; 0 sends them as fast as they are taken. */
  readonly pace: number;
  /** The number of events after which a stream with a pace ends. Without it, the stream ends on request. */
  readonly length?: number;
}

const SLOTS = 20;
const BURST = 64;
const wholeAnswer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(WHOLE)}\r\n\r\n${WHOLE}`,
);
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
);
const chunk = chunked(EVENT);
const streamEnd = Buffer.from(`${chunked(LAST_EVENTS)}0\r\n\r\n`);
/** As many events as one write may hold; the time is put into each of them before it is sent. */
const burst = Buffer.from(chunk.repeat(BURST));
const markAt = chunk.indexOf(MARK) + MARK.length;

const state = {
  pace: 0,
  length: Infinity,
  isStream: false,
  isFinishing: false,
  events: 0,
  slot: 0,
  streams: 0,
};
const slots = Array.from({ length: SLOTS }, () => new Set<Socket<Connection>>());

/** Starts the mock and returns its port. */
export function startMock(): number {
  setInterval(tick, 1);
  return Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        socket.data = newConnection();
      },
      data: receive,
      drain,
      close: forget,
      error: forget,
    },
  }).port;
}

/** Until `finishStreams`, requests for a stream are answered with one. */
export function answerStreams({ pace, length = Infinity }: StreamManner): void {
  // Clears the remains of a failed measurement.
  slots.forEach((slot) => slot.forEach((socket) => socket.terminate()));
  Object.assign(state, {
    isStream: true,
    isFinishing: false,
    pace,
    length,
    events: 0,
    slot: slotAt(performance.now(), pace),
  });
}

/** Ends all streams. Requests are then answered whole again. */
export function finishStreams(): void {
  Object.assign(state, { isStream: false, isFinishing: true });
}

/** The number of events sent since streams are answered. */
export function eventsSent(): number {
  return state.events;
}

function drain(socket: Socket<Connection>): void {
  const { unsent } = socket.data;
  socket.data.unsent = undefined;
  if (unsent !== undefined) send(socket, unsent);
  if (socket.data.isStreaming && state.pace === 0) flood(socket);
}

function receive(socket: Socket<Connection>, bytes: Buffer): void {
  const connection = socket.data;
  if (state.isStream) connection.wantsStream ||= asksForStream(bytes);
  if (connection.bodyLeft > 0) {
    connection.bodyLeft -= bytes.length;
    if (connection.bodyLeft <= 0) answer(socket);
    return;
  }
  if (connection.bodyLeft === -1) {
    if (bytes.subarray(-5).toString('latin1') === '0\r\n\r\n') answer(socket);
    return;
  }
  const end = connection.head === '' ? bytes.indexOf('\r\n\r\n') : -1;
  const text = end === -1 ? connection.head + bytes.toString('latin1') : bytes.toString('latin1', 0, end + 4);
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) {
    connection.head = text;
    return;
  }
  const bodyBytes = bytes.length - (headEnd + 4 - connection.head.length);
  connection.head = '';
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
  const isChunked = length === 0 && /\r\ntransfer-encoding: *chunked/i.test(text);
  connection.bodyLeft = isChunked ? -1 : length - bodyBytes;
  const isOver = isChunked ? bytes.subarray(-5).toString('latin1') === '0\r\n\r\n' : connection.bodyLeft <= 0;
  if (isOver) answer(socket);
}

function asksForStream(bytes: Buffer): boolean {
  return bytes.includes('"stream":true', 0, 'latin1') || bytes.includes('"stream": true', 0, 'latin1');
}

function answer(socket: Socket<Connection>): void {
  const connection = socket.data;
  connection.bodyLeft = 0;
  const { wantsStream } = connection;
  connection.wantsStream = false;
  if (!wantsStream) {
    send(socket, wholeAnswer);
    return;
  }
  Object.assign(connection, { isStreaming: true, events: 0, startedAtMs: performance.now() });
  // Spread over the period, as the streams of a provider are.
  slots[state.streams++ % SLOTS]?.add(socket);
  send(socket, streamHead);
  if (state.pace === 0) flood(socket);
  else sendEvents(socket, 1);
}

/** Streams with a pace: those whose turn it is get what they are due, in one write, as from a provider that is late. */
function tick(): void {
  if (state.pace === 0) {
    if (state.isFinishing) slots.forEach((slot) => slot.forEach(finish));
    return;
  }
  const now = performance.now();
  const target = slotAt(now, state.pace);
  if (target - state.slot > SLOTS) state.slot = target - SLOTS;
  while (state.slot < target) for (const socket of slots[state.slot++ % SLOTS] ?? []) step(socket, now);
}

/** How many slots have had their turn, when each stream has its turn `pace` times a second. */
function slotAt(nowMs: number, pace: number): number {
  return Math.floor((nowMs * SLOTS * pace) / 1000);
}

function step(socket: Socket<Connection>, now: number): void {
  const connection = socket.data;
  if (connection.unsent !== undefined) return;
  if (state.isFinishing || connection.events >= state.length) {
    finish(socket);
    return;
  }
  const due = Math.round(((now - connection.startedAtMs) * state.pace) / 1000) + 1 - connection.events;
  if (due > 0) sendEvents(socket, Math.min(due, BURST, state.length - connection.events));
}

function flood(socket: Socket<Connection>): void {
  while (socket.data.unsent === undefined && !state.isFinishing) sendEvents(socket, BURST);
}

function sendEvents(socket: Socket<Connection>, count: number): void {
  const time = String(Math.floor(wallMicros())).padStart(DIGITS, '0');
  for (let event = 0; event < count; event++) burst.write(time, event * chunk.length + markAt, 'latin1');
  socket.data.events += count;
  state.events += count;
  send(socket, burst.subarray(0, count * chunk.length));
}

function finish(socket: Socket<Connection>): void {
  if (socket.data.unsent !== undefined) return;
  forget(socket);
  send(socket, streamEnd);
}

function forget(socket: Socket<Connection>): void {
  socket.data.isStreaming = false;
  for (const slot of slots) slot.delete(socket);
}

function send(socket: Socket<Connection>, bytes: Uint8Array): void {
  const written = socket.write(bytes);
  if (written >= 0 && written < bytes.length) socket.data.unsent = bytes.slice(written);
}

function newConnection(): Connection {
  return {
    head: '',
    bodyLeft: 0,
    wantsStream: false,
    isStreaming: false,
    startedAtMs: 0,
    events: 0,
    unsent: undefined,
  };
}

function chunked(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
