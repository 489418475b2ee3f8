/** Sends a request at a constant rate over connections that stay open, and measures until the last byte of each answer. */
import type { Socket } from 'bun';
import { Latencies, type LatencySummary } from '../measure/latencies.ts';

export interface PaceLoad {
  readonly port: number;
  readonly request: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Paced {
  /** When the request was due. Waiting for a free connection therefore counts. */
  readonly latency: LatencySummary;
  readonly faults: number;
}

const CONNECTIONS = 64;

interface Asking {
  dueAtMs: number;
  /** The answer so far. */
  text: string;
}

/** Warms up the connections for half a second, which is not counted. */
export async function askAtPace({ port, request, perSecond, seconds }: PaceLoad): Promise<Paced> {
  const latencies = new Latencies();
  const idle: Socket<Asking>[] = [];
  const state = { due: 0, answered: 0, faults: 0, isOver: false };
  const total = Math.round(perSecond * (seconds + 0.5));
  const warmUp = Math.round(perSecond * 0.5);
  const all = Promise.withResolvers<void>();

  const answered = (socket: Socket<Asking>): void => {
    const { dueAtMs, text } = socket.data;
    socket.data.text = '';
    if (!text.startsWith('HTTP/1.1 200')) state.faults++;
    if (++state.answered > warmUp) latencies.add((performance.now() - dueAtMs) * 1000);
    if (state.answered >= total) all.resolve();
    else idle.push(socket);
  };
  const lost = (): void => {
    if (state.isOver) return;
    state.faults++;
    if (++state.answered >= total) all.resolve();
  };
  const connect = () =>
    Bun.connect<Asking>({
      hostname: '127.0.0.1',
      port,
      socket: {
        open(socket) {
          socket.data = { dueAtMs: 0, text: '' };
        },
        data(socket, bytes) {
          socket.data.text += bytes.toString('latin1');
          if (isComplete(socket.data.text)) answered(socket);
        },
        close: lost,
      },
    });
  idle.push(...(await Promise.all(Array.from({ length: CONNECTIONS }, connect))));

  const startedAtMs = performance.now();
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - startedAtMs) * perSecond) / 1000));
    while (state.due < due) {
      const socket = idle.shift();
      if (socket === undefined) return;
      socket.data.dueAtMs = startedAtMs + (++state.due * 1000) / perSecond;
      socket.write(request);
    }
  }, 1);
  await all.promise;
  clearInterval(timer);
  state.isOver = true;
  for (const socket of idle) socket.end();
  return { latency: latencies.summary(), faults: state.faults };
}

function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1];
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length);
}
