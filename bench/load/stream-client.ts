/**
 * Opens many streams through a proxy and reads them on raw sockets. It parses everything an HTTP client must: the head, the
 * chunks, the events, the end. A stream counts as complete only with its last event and the last chunk.
 */
import type { Socket } from 'bun';
import { Latencies, type LatencySummary } from '../measure/latencies.ts';
import { wallMicros } from '../measure/wall-clock.ts';
import { DIGITS, MARK } from './chat-event.ts';

export interface StreamLoad {
  readonly port: number;
  readonly streams: number;
  /** The period over which they are opened, in milliseconds. */
  readonly rampMs: number;
  /** The request, head and body. */
  readonly request: string;
  /** The final bytes of a complete stream, without blanks. */
  readonly ending: string;
}

/** The results of all streams. */
export interface StreamsEnd {
  readonly events: number;
  readonly complete: number;
  /** The number of streams that ended otherwise, by fault. */
  readonly faults: Readonly<Record<string, number>>;
  readonly firstEvent: LatencySummary;
}

export interface StreamsTold {
  /** Resolves once each stream has had an event. If one failed, resolves with the faults. */
  readonly open: (faults: string) => void;
  /** Resolves when all streams have ended. */
  readonly closed: (end: StreamsEnd) => void;
}

export interface StreamsWindow {
  readonly events: number;
  readonly latency: LatencySummary;
}

interface Stream {
  phase: 'head' | 'size' | 'data' | 'over';
  /** Bytes of a head or of a size line that is not complete. */
  partial: string;
  /** Bytes of the chunk, and of the line's end behind it, still to come. */
  left: number;
  /** The end of a piece that stopped within an event. */
  tail: Buffer | undefined;
  sentAtMicros: number;
  hasEvent: boolean;
  isDone: boolean;
}

/** The streams of one measurement. */
export class StreamCrowd {
  readonly #load: StreamLoad;
  readonly #told: StreamsTold;
  readonly #latencies = new Latencies();
  readonly #firstEvents = new Latencies();
  readonly #faults: Record<string, number> = {};
  readonly #sockets = new Set<Socket<Stream>>();
  #events = 0;
  #windowFrom = 0;
  #open = 0;
  #failed = 0;
  #complete = 0;
  #isTold = false;

  constructor(load: StreamLoad, told: StreamsTold) {
    this.#load = load;
    this.#told = told;
    for (let index = 0; index < load.streams; index++)
      setTimeout(() => this.#openOne(), (index * load.rampMs) / load.streams);
  }

  beginWindow(): void {
    this.#latencies.clear();
    this.#windowFrom = this.#events;
  }

  /** The events since the window began. */
  endWindow(): StreamsWindow {
    return { events: this.#events - this.#windowFrom, latency: this.#latencies.summary() };
  }

  /** Closes the streams that are still open. */
  leave(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  #openOne(): void {
    const { port, request } = this.#load;
    void Bun.connect<Stream>({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => {
          this.#sockets.add(socket);
          socket.data = newStream();
          socket.write(request);
        },
        data: (socket, bytes) => this.#receive(socket, bytes),
        close: (socket) => {
          this.#sockets.delete(socket);
          if (socket.data.phase !== 'over') this.#end(`closed in ${socket.data.phase}`);
        },
        connectError: () => this.#end('not connected'),
      },
    }).catch(() => undefined);
  }

  #receive(socket: Socket<Stream>, bytes: Buffer): void {
    const stream = socket.data;
    let at = 0;
    while (at < bytes.length && stream.phase !== 'over') {
      if (stream.phase === 'data') at = this.#readData(stream, bytes, at);
      else at = this.#readLine(socket, bytes, at);
    }
  }

  /** Reads within a chunk: its data, then the end of its line. */
  #readData(stream: Stream, bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + Math.max(0, stream.left - 2));
    if (end > at)
      this.#readEvents(stream, at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    const next = Math.min(bytes.length, at + stream.left);
    stream.left -= next - at;
    if (stream.left === 0) stream.phase = 'size';
    return next;
  }

  /** Reads the head, or the size of the next chunk. */
  #readLine(socket: Socket<Stream>, bytes: Buffer, at: number): number {
    const stream = socket.data;
    const mark = stream.phase === 'head' ? '\r\n\r\n' : '\r\n';
    // A size has only a few digits, so a search of the whole rest is unnecessary.
    const reach = stream.phase === 'head' ? bytes.length : Math.min(bytes.length, at + 12);
    const text = stream.partial + bytes.toString('latin1', at, reach);
    const end = text.indexOf(mark);
    if (end === -1) {
      stream.partial = text;
      return reach;
    }
    const next = at + end + mark.length - stream.partial.length;
    stream.partial = '';
    if (stream.phase === 'head') {
      const head = text.slice(0, end);
      const isFine = head.startsWith('HTTP/1.1 200') && /transfer-encoding: *chunked/i.test(head);
      if (isFine) stream.phase = 'size';
      else this.#finish(socket, head.slice(0, 12));
      return next;
    }
    const size = Number.parseInt(text.slice(0, end), 16);
    if (size > 0) {
      stream.phase = 'data';
      stream.left = size + 2;
    } else this.#finish(socket, stream.isDone ? undefined : 'no last event');
    return next;
  }

  #readEvents(stream: Stream, piece: Buffer): void {
    const bytes = stream.tail === undefined ? piece : Buffer.concat([stream.tail, piece]);
    stream.tail = undefined;
    let now = 0;
    let at = 0;
    for (;;) {
      const mark = bytes.indexOf(MARK, at, 'latin1');
      const from = mark + MARK.length;
      if (mark === -1 || from + DIGITS > bytes.length) break;
      now ||= wallMicros();
      this.#count(stream, now, now - digitsAt(bytes, from));
      at = from + DIGITS;
    }
    const last = bytes.length - 1;
    if (bytes[last] !== 0x0a || bytes[last - 1] !== 0x0a) {
      stream.tail = Buffer.from(bytes.subarray(Math.max(at, bytes.length - 4_096)));
    } else {
      // Proxies differ in the blanks of their JSON.
      const end = bytes.toString('latin1', Math.max(0, bytes.length - 64)).replaceAll(' ', '');
      stream.isDone = end.endsWith(this.#load.ending);
    }
  }

  #count(stream: Stream, now: number, micros: number): void {
    this.#events++;
    this.#latencies.add(micros);
    if (stream.hasEvent) return;
    stream.hasEvent = true;
    this.#firstEvents.add(now - stream.sentAtMicros);
    this.#open++;
    this.#tellIfOpen();
  }

  #finish(socket: Socket<Stream>, fault: string | undefined): void {
    socket.data.phase = 'over';
    socket.end();
    this.#end(fault);
  }

  #end(fault: string | undefined): void {
    if (fault === undefined) this.#complete++;
    else {
      this.#failed++;
      this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
    }
    this.#tellIfOpen();
    if (this.#complete + this.#failed < this.#load.streams) return;
    const firstEvent = this.#firstEvents.summary();
    this.#told.closed({ events: this.#events, complete: this.#complete, faults: this.#faults, firstEvent });
  }

  #tellIfOpen(): void {
    if (this.#isTold || this.#open + this.#failed < this.#load.streams) return;
    this.#isTold = true;
    this.#told.open(this.#failed === 0 ? '' : JSON.stringify(this.#faults));
  }
}

function digitsAt(bytes: Buffer, from: number): number {
  let value = 0;
  for (let at = from; at < from + DIGITS; at++) value = value * 10 + bytes[at]! - 0x30;
  return value;
}

function newStream(): Stream {
  return {
    phase: 'head',
    partial: '',
    left: 0,
    tail: undefined,
    sentAtMicros: wallMicros(),
    hasEvent: false,
    isDone: false,
  };
}
