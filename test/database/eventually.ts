/** Tries until it succeeds, for at most 20 seconds. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + 20_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await Bun.sleep(20);
    }
  }
}
