import { readFileSync } from 'node:fs';

/**
 * A thread that polls `/healthz` and records the slowest answer. The test's own work does not disturb it. On Linux only the time counts
 * in which the main thread of the gateway had a processor, so that the load of the machine does not matter.
 */
declare const self: Worker;

let slowestMs = 0;
let url = '';
let pid = process.pid;

self.addEventListener('message', ({ data }: MessageEvent<Partial<Probed>>) => {
  if (data.url !== undefined) {
    url = data.url;
    pid = data.pid ?? pid;
    void probe();
    return;
  }
  self.postMessage(slowestMs);
  slowestMs = 0;
});

interface Probed {
  readonly url: string;
  /** The process of the gateway, if it is not this one. */
  readonly pid?: number;
}

/** How long the main thread of the gateway has run; undefined on systems that do not tell. */
function ranMs(): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return undefined;
  }
}

async function probe(): Promise<void> {
  for (;;) {
    const [startedAt, ranBefore] = [performance.now(), ranMs()];
    await fetch(`${url}/healthz`)
      .then((response) => response.text())
      .catch(() => undefined);
    const ran = ranMs();
    const tookMs = ran === undefined || ranBefore === undefined ? Infinity : ran - ranBefore;
    slowestMs = Math.max(slowestMs, Math.min(tookMs, performance.now() - startedAt));
    await Bun.sleep(5);
  }
}
