/**
 * Opens the console in fresh browser profiles, and measures when its first view is drawn.
 *
 *     bun bench/long/console-first-view.ts [--times 7] [--limit-ms 1000]
 *
 * Needs Chromium and the built console. Prints each time with the compressed bytes of its scripts, and exits with 1 if the median is
 * above the limit. Everything runs on the loopback address.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../../test/e2e/browser.ts';
import { startProcess } from '../../test/e2e/process.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '7' },
    'limit-ms': { type: 'string', default: '1000' },
  },
});
/** Looks at every frame. A locator would look only twice a second after its first tries. */
const DRAWN = `new Promise((resolve) => {
  const look = () =>
    document.body?.textContent.includes('Requests per second') ? resolve() : requestAnimationFrame(look);
  look();
})`;

const SCRIPT_BYTES = `performance.getEntriesByType('resource')
  .filter(({ name }) => name.endsWith('.js'))
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`;

const folder = mkdtempSync(join(tmpdir(), 'llm-proxy-first-view-'));
const demo = startProcess(['--port', '0'], { cwd: folder });
const browser = await launchBrowser();
try {
  const [, url = ''] = await demo.printed(/console +(http:\/\/[\d.:]+)\/console/);
  // The demo opens its database for the first visitor.
  await fetch(`${url}/admin/v1/session`);
  const times: number[] = [];
  for (let time = 0; time < Number(values.times); time++) times.push(await firstView(url));
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  console.log(`the first view takes ${Math.round(median)} ms`);
  process.exitCode = median <= Number(values['limit-ms']) ? 0 : 1;
} finally {
  await browser.close();
  demo.kill();
  await demo.exited;
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds until the figures of the overview are there, in a browser that has cached nothing. */
async function firstView(url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const startedAtMs = performance.now();
  await page.goto(`${url}/console`, { waitUntil: 'commit' });
  await page.evaluate(DRAWN);
  const tookMs = performance.now() - startedAtMs;
  const bytes = await page.evaluate<number>(SCRIPT_BYTES);
  console.log(`${Math.round(tookMs)} ms, ${Math.round(bytes / 1000)} KB of scripts`);
  await context.close();
  return tookMs;
}
