/** A process that polls a URL and tells the slowest answer when it is asked, for `bench/holds.ts`. */
import { argv } from 'node:process';

const PAUSE_MS = 2;
const [, , healthz = ''] = argv;
let longestMs = 0;
let isAsked = false;

process.on('message', () => {
  isAsked = true;
});

for (;;) {
  const startedAt = performance.now();
  await fetch(healthz)
    .then((response) => response.text())
    .catch(() => undefined);
  longestMs = Math.max(longestMs, performance.now() - startedAt);
  // The question may arrive while the gateway is held.
  if (isAsked) {
    process.send?.(longestMs);
    isAsked = false;
    longestMs = 0;
  }
  await Bun.sleep(PAUSE_MS);
}
