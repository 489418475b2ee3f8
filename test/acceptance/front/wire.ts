import type { Socket } from 'bun';

/** An answer as a client saw it, without what differs from one request to the next. */
export interface SeenAnswer {
  readonly status: number;
  /** How the provider read the request; undefined: it did not get it. */
  readonly echo: string | undefined;
}

/** A connection of a client that writes what it is told to. */
export interface Wire {
  readonly write: (bytes: Uint8Array) => void;
  readonly answers: () => readonly SeenAnswer[];
  readonly receivedBytes: () => number;
  readonly isClosed: () => boolean;
  readonly end: () => void;
}

/** The echo in the provider's answers. */
export const ECHO = /ECHO\(([\w-]+)\)/;

interface State {
  text: string;
  isClosed: boolean;
  waiting: Uint8Array[];
}

/** Connects to a port of this machine. */
export async function connectTo(port: number): Promise<Wire> {
  const state: State = { text: '', isClosed: false, waiting: [] };
  const closed = (): void => {
    state.isClosed = true;
  };
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data: (_, bytes) => void (state.text += bytes.toString('latin1')),
      drain: (ready) => flush(ready, state),
      close: closed,
      end: closed,
      error: closed,
    },
  });
  socket.setNoDelay(true);
  return {
    write: (bytes) => {
      state.waiting.push(bytes);
      flush(socket, state);
    },
    answers: () => answersIn(state.text),
    receivedBytes: () => state.text.length,
    isClosed: () => state.isClosed,
    end: () => socket.terminate(),
  };
}

function flush(socket: Socket, { waiting }: State): void {
  for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
    const sent = Math.max(0, socket.write(next));
    if (sent < next.byteLength) {
      waiting[0] = next.subarray(sent);
      return;
    }
    waiting.shift();
  }
}

/** Interim responses are left out. */
function answersIn(text: string): SeenAnswer[] {
  return text
    .split(/HTTP\/1\.[01] (?=\d{3} )/)
    .slice(1)
    .map((answer) => ({ status: Number(answer.slice(0, 3)), echo: ECHO.exec(answer)?.[1] }))
    .filter(({ status }) => status >= 200);
}

/**
 * Waits until nothing happens on a connection for some turns of the event loop. Client, gateways and provider share it, so an
 * answer that is on its way shows itself within few turns, however slow the machine is.
 */
export async function quiet(wire: Wire, turns: number): Promise<void> {
  for (let left = turns; left > 0 && !wire.isClosed(); left--) {
    const before = wire.receivedBytes();
    await turn();
    if (wire.receivedBytes() !== before) left = turns;
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
