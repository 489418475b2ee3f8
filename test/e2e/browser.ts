import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** The path of Chromium. Null if it is not installed. */
export const chromiumProgram = Bun.which('chromium') ?? Bun.which('chromium-browser');
if (chromiumProgram === null) {
  console.warn(
    'Chromium is missing ("apt-get install chromium" on Debian): the page at /docs is not tested in a browser.',
  );
}

/** The limit on everything that a test waits for in a browser. A busy machine needs many seconds to draw a page. */
const PATIENCE_MS = 90_000;

/** A page, with every error in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors reported by the console, the network and the scripts, and every request to another host. */
  readonly complaints: readonly string[];
  /** Removes the complaints that a test caused on purpose, and returns their number. */
  readonly expected: (pattern: RegExp) => number;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumProgram ?? '',
    timeout: PATIENCE_MS,
    args: [
      // Chromium refuses to run as root with its sandbox.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A name that no browser trusts as one of this machine.
      '--host-resolver-rules=MAP gateway.test 127.0.0.1',
    ],
  });
}

/** A new page in a fresh browser profile. `url` is the only origin that it may request. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? '';
    // The page itself cancels requests: a button stops an answer, and a change of view needs none.
    if (reason !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()} ${reason}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) complaints.push(`elsewhere: ${request.url()}`);
  });
  return {
    page,
    complaints,
    expected(pattern) {
      const others = complaints.filter((complaint) => !pattern.test(complaint));
      const count = complaints.length - others.length;
      complaints.splice(0, complaints.length, ...others);
      return count;
    },
  };
}
