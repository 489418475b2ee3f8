/** A thread that asks for `/healthz` all the time and keeps how long the slowest answer took, undisturbed by what the test does. */
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
