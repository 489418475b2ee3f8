/** A thread that polls `/healthz` and records the slowest answer. The test's own work does not disturb it. */
declare const self: Worker;

let slowestMs = 0;
let url = '';

self.addEventListener('message', ({ data }: MessageEvent<{ readonly url?: string }>) => {
  if (data.url !== undefined) {
    url = data.url;
    void probe();
    return;
  }
  self.postMessage(slowestMs);
  slowestMs = 0;
});

async function probe(): Promise<void> {
  for (;;) {
    const startedAt = performance.now();
    await fetch(`${url}/healthz`)
      .then((response) => response.text())
      .catch(() => undefined);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    await Bun.sleep(5);
  }
}
