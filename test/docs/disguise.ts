/** A page's text and its test substitutes: free ports, a simulated provider, and a separate database. */
export interface Disguise {
  /** The page's text, as it can be run here. */
  readonly put: (text: string) => string;
  /** A program's output, written as the page would show it. */
  readonly take: (text: string) => string;
  readonly port: (documented: number) => number;
}

/** Ports that the pages name. */
const PORT = /(?<![\w.])(18000|18001|18002|8080)(?![\w.])/g;
const PROVIDER = /https:\/\/api\.[\w.-]+(?:\/[\w/.-]*)?/g;
const DATABASE = /postgres(?:ql)?:\/\/llm_proxy:[^'"\s]+/g;

/** `providerUrl` stands for every provider, `databaseUrl` for the database. */
export function createDisguise({
  providerUrl,
  databaseUrl,
}: {
  readonly providerUrl: string;
  readonly databaseUrl: string | undefined;
}): Disguise {
  const ports = new Map<number, number>();
  const hidden = new Set<string>();
  const port = (documented: number): number => {
    const known = ports.get(documented);
    if (known !== undefined) return known;
    const free = findFreePort(new Set(ports.values()));
    ports.set(documented, free);
    return free;
  };
  return {
    port,
    put: (text) =>
      text
        .replaceAll(PORT, (documented) => `${port(Number(documented))}`)
        .replaceAll(PROVIDER, (url) => {
          hidden.add(url);
          return `${providerUrl}/v1`;
        })
        .replaceAll(DATABASE, (url) => databaseUrl ?? url)
        .replaceAll('/var/lib/llm-proxy/', 'var-lib-llm-proxy/')
        .replaceAll(/(bin\/llm-proxy mock)(?! --)/g, `$1 --port ${port(18_001)}`),
    take(text) {
      let shown = text;
      for (const [documented, free] of ports) shown = shown.replaceAll(`:${free}`, `:${documented}`);
      const [only] = hidden;
      return hidden.size === 1 && only !== undefined ? shown.replaceAll(`${providerUrl}/v1`, only) : shown;
    },
  };
}

/** A port below the range of automatic ports, so that no other test gets it before it is used. */
function findFreePort(taken: ReadonlySet<number>): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (taken.has(port)) continue;
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // The port is in use. Tries another one.
    }
  }
}
