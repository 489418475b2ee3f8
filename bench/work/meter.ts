import { cpuBetween, usageOf } from '../measure/process-tree.ts';

export interface Metered {
  readonly seconds: number;
  readonly proxySeconds: number;
  readonly loadSeconds: number;
  /** Nothing where there is no proxy. */
  readonly rssMb: number | undefined;
}

/** Begins to measure what proxy and load use; the function that it gives ends it. */
export function startMeter(proxy: number | undefined, load: number): () => Metered {
  const before = { proxy: proxy === undefined ? undefined : usageOf(proxy), load: usageOf(load) };
  const startedAtMs = performance.now();
  return () => {
    const seconds = (performance.now() - startedAtMs) / 1000;
    const loadSeconds = cpuBetween(before.load, usageOf(load));
    if (proxy === undefined || before.proxy === undefined)
      return { seconds, loadSeconds, proxySeconds: 0, rssMb: undefined };
    const after = usageOf(proxy);
    return { seconds, loadSeconds, proxySeconds: cpuBetween(before.proxy, after), rssMb: after.rssMb };
  };
}

/** The figures that follow from what was used for this many requests or events. */
export function figuresOf({ seconds, proxySeconds, loadSeconds, rssMb }: Metered, count: number) {
  return {
    perSecond: count / seconds,
    loadBusy: loadSeconds / seconds,
    ...(rssMb === undefined
      ? {}
      : { rssMb, proxyBusy: proxySeconds / seconds, cpuMicros: (proxySeconds * 1e6) / count }),
  };
}
