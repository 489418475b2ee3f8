import type { DatabaseGateway } from '../../../test/e2e/db-program.ts';

/** Compares what gateways say about their store with what was done to it. */
export interface StoreFigures {
  /** The longest time for which a gateway's metric said that the store was up after it had gone, or down after it was back. */
  readonly saidUpMs: number;
  readonly saidDownMs: number;
  /** The most lines of a gateway's log within a second that are about the store of shared limits, and about anything but a request. */
  readonly linesASecond: number;
  readonly allLinesASecond: number;
}

const SAMPLE_MS = 50;
const UP = /llm_proxy_lease_store_up (\d)/;
const [OF_STORE, OF_REQUEST] = ['store of shared limits grants', '[req_'];

/** Watches the metric and the log of a gateway while its store is in trouble. */
class GatewayWatch {
  readonly samples: { readonly atMs: number; readonly isUp: boolean }[] = [];
  readonly #gateway: DatabaseGateway;
  readonly #begun: number;

  constructor(gateway: DatabaseGateway) {
    this.#gateway = gateway;
    this.#begun = gateway.program.stdout().length;
  }

  async sample(): Promise<void> {
    const atMs = performance.now();
    const text = await (await fetch(`${this.#gateway.url}/metrics`)).text();
    this.samples.push({ atMs, isUp: UP.exec(text)?.[1] === '1' });
  }

  /** The most lines of this kind that have the same second. */
  mostInASecond(isMeant: (line: string) => boolean): number {
    const counts = new Map<string, number>();
    for (const line of this.#gateway.program.stdout().slice(this.#begun).split('\n').filter(isMeant)) {
      const second = /\d\d:\d\d:\d\d/.exec(line)?.[0] ?? '';
      counts.set(second, (counts.get(second) ?? 0) + 1);
    }
    return Math.max(0, ...counts.values());
  }
}

/** Watches all gateways. `changed` tells it when the store goes and comes back. */
export class StoreWatch {
  readonly #gateways: readonly GatewayWatch[];
  readonly #changes: { readonly atMs: number; readonly isUp: boolean }[] = [];
  readonly #sampling: Promise<unknown>;
  #isOver = false;

  constructor(gateways: readonly DatabaseGateway[]) {
    this.#gateways = gateways.map((gateway) => new GatewayWatch(gateway));
    this.#sampling = Promise.all(this.#gateways.map((one) => this.#watch(one)));
  }

  readonly changed = (isUp: boolean): void => void this.#changes.push({ atMs: performance.now(), isUp });

  async stop(): Promise<StoreFigures> {
    this.#isOver = true;
    await this.#sampling;
    return {
      saidUpMs: Math.round(this.#longest(true)),
      saidDownMs: Math.round(this.#longest(false)),
      linesASecond: this.#most((line) => line.includes(OF_STORE)),
      allLinesASecond: this.#most((line) => line !== '' && !line.includes(OF_REQUEST)),
    };
  }

  #most(isMeant: (line: string) => boolean): number {
    return Math.max(...this.#gateways.map((gateway) => gateway.mostInASecond(isMeant)));
  }

  async #watch(gateway: GatewayWatch): Promise<void> {
    while (!this.#isOver) {
      await gateway.sample();
      await Bun.sleep(SAMPLE_MS);
    }
  }

  /** The longest time after a change for which a gateway still said `isUp`, which was wrong. */
  #longest(isUp: boolean): number {
    let longest = 0;
    for (const [index, change] of this.#changes.entries()) {
      if (change.isUp === isUp) continue;
      const untilMs = this.#changes[index + 1]?.atMs ?? Infinity;
      for (const { samples } of this.#gateways) {
        const wrong = samples.findLast(
          (one) => one.isUp === isUp && one.atMs > change.atMs && one.atMs < untilMs,
        );
        longest = Math.max(longest, (wrong?.atMs ?? change.atMs) - change.atMs);
      }
    }
    return longest;
  }
}
