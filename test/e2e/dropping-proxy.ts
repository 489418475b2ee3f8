import type { Socket, TCPSocketListener } from 'bun';

/** The direction in which bytes are lost. */
export type Cut = 'to the server' | 'to the client' | 'both ways';

interface Line {
  readonly owner: number;
  readonly client: Socket<unknown>;
  server: Socket<unknown> | undefined;
  readonly early: Buffer[];
}

/**
 * A proxy between several clients and a server that can lose bytes, in one direction or in both, without closing anything:
 * what a client of a partitioned network sees.
 */
export class DroppingProxy {
  readonly #targetPort: () => number;
  readonly #listener: TCPSocketListener;
  readonly #lines = new Map<Socket<unknown>, Line>();
  readonly #cuts = new Map<number, Cut>();
  /** To whom the next connection belongs. Only a client that is cut off opens another one. */
  #owner = 0;

  /** `targetPort`: where a new connection leads. */
  constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
    this.#listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open: (client) => void this.#open(client),
        data: (client, bytes) => this.#toServer(client, bytes),
        close: (client) => this.#close(client),
        error: (client) => this.#close(client),
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Says whose the next connections are. */
  expect(owner: number): void {
    this.#owner = owner;
  }

  cut(owner: number, cut: Cut): void {
    this.#owner = owner;
    this.#cuts.set(owner, cut);
  }

  heal(owner: number): void {
    this.#cuts.delete(owner);
  }

  stop(): void {
    this.#listener.stop(true);
    for (const { server } of this.#lines.values()) server?.terminate();
  }

  async #open(client: Socket<unknown>): Promise<void> {
    const line: Line = { owner: this.#owner, client, server: undefined, early: [] };
    this.#lines.set(client, line);
    line.server = await Bun.connect({
      hostname: '127.0.0.1',
      port: this.#targetPort(),
      socket: {
        data: (_, bytes) => {
          const cut = this.#cuts.get(line.owner);
          if (cut === undefined || cut === 'to the server') line.client.write(bytes);
        },
        close: () => void client.end(),
        error: () => void client.end(),
      },
    }).catch(() => undefined);
    if (line.server === undefined) {
      client.terminate();
      return;
    }
    for (const bytes of line.early.splice(0)) line.server.write(bytes);
  }

  #toServer(client: Socket<unknown>, bytes: Buffer): void {
    const line = this.#lines.get(client);
    if (line === undefined) return;
    const cut = this.#cuts.get(line.owner);
    if (cut === 'to the server' || cut === 'both ways') return;
    if (line.server === undefined) line.early.push(Buffer.from(bytes));
    else line.server.write(bytes);
  }

  #close(client: Socket<unknown>): void {
    this.#lines.get(client)?.server?.end();
    this.#lines.delete(client);
  }
}
