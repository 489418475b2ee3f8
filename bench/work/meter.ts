import { cpuBetween, usageOf } from '../measure/process-tree.ts';

export interface Metered {
  readonly seconds: number;
  readonly proxySeconds: number;
  /** How long the proxy's threads waited for their core. */
  readonly waitedSeconds: number;
  readonly loadSeconds: number;
  /** Undefined without a proxy. */
  readonly rssMb: number | undefined;
}

/** Starts measuring the usage of proxy and load. The returned function ends it. */
export function startMeter(proxy: number | undefined, load: number): () => Metered {
  const before = { proxy: proxy === undefined ? undefined : usageOf(proxy), load: usageOf(load) };
  const startedAtMs = performance.now();
  return () => {
    const seconds = (performance.now() - startedAtMs) / 1000;
    const loadSeconds = cpuBetween(before.load, usageOf(load));
    if (proxy === undefined || before.proxy === undefined)
      return { seconds, loadSeconds, proxySeconds: 0, waitedSeconds: 0, rssMb: undefined };
    const after = usageOf(proxy);
    return {
      seconds,
      loadSeconds,
      proxySeconds: cpuBetween(before.proxy, after),
      waitedSeconds: after.waitedSeconds - before.proxy.waitedSeconds,
      rssMb: after.rssMb,
    };
  };
}

/** Computes the figures from the usage for this many requests or events. */
export function figuresOf(metered: Metered, count: number) {
  const { seconds, proxySeconds, waitedSeconds, loadSeconds, rssMb } = metered;
  if (count === 0) throw new Error('nothing was answered while it was measured');
  return {
    perSecond: count / seconds,
    loadBusy: loadSeconds / seconds,
    ...(rssMb === undefined
      ? {}
      : {
          rssMb,
          proxyBusy: proxySeconds / seconds,
          proxyWaited: waitedSeconds / seconds,
          cpuMicros: (proxySeconds * 1e6) / count,
        }),
  };
}
