/** A port that was free a moment ago. */
export function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

/** Waits until something answers an HTTP request at this port with 200. */
export async function answers(port: number, path: string, withinMs = 20_000): Promise<void> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const status = await fetch(`http://127.0.0.1:${port}${path}`)
      .then(async (response) => {
        await response.arrayBuffer();
        return response.status;
      })
      .catch(() => 0);
    if (status === 200) return;
    if (performance.now() > untilMs) throw new Error(`nothing answers on port ${port} (${status})`);
    await Bun.sleep(50);
  }
}
