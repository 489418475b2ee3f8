import { lookup } from 'node:dns/promises';
import { isForbiddenHost } from '../../lib/outgoing-address.ts';

/** Resolves a name to its addresses. Rejects if it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** How long a DNS answer is cached. */
const BELIEVED_MS = 30_000;
const MOST_NAMES = 1_000;

/**
 * Tells whether a proxy's name resolves to a forbidden address. `fetch` does not report the connected address, so the
 * guard looks the name up beforehand. It allows names that cannot be resolved, since `fetch` then reports the error.
 */
export class ProxyGuard {
  readonly #resolve: Resolve;
  readonly #known = new Map<string, { readonly isForbidden: boolean; readonly untilMs: number }>();

  constructor(resolve: Resolve = resolveAll) {
    this.#resolve = resolve;
  }

  async forbids(proxy: string): Promise<boolean> {
    const host = URL.parse(proxy)?.hostname ?? '';
    const known = this.#known.get(host);
    if (known !== undefined && known.untilMs > performance.now()) return known.isForbidden;
    const addresses = await this.#resolve(host).catch(() => []);
    const isForbidden = addresses.some(isForbiddenHost);
    if (this.#known.size >= MOST_NAMES) this.#known.clear();
    this.#known.set(host, { isForbidden, untilMs: performance.now() + BELIEVED_MS });
    return isForbidden;
  }
}

async function resolveAll(name: string): Promise<readonly string[]> {
  const found = await lookup(name.replaceAll(/[[\]]/g, ''), { all: true });
  return found.map(({ address }) => address);
}
