import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { chromiumProgram } from './browser.ts';

const ROOT = join(import.meta.dir, '..', '..');
const AXE = join(ROOT, 'console/node_modules/axe-core/axe.min.js');

/** Whether a browser, the built console and what checks it are there. `./test.sh` brings all three. */
export const canTestConsole =
  chromiumProgram !== null && existsSync(join(ROOT, 'console/dist/index.html')) && existsSync(AXE);

if (chromiumProgram !== null && !canTestConsole)
  console.warn(
    'The console is not built ("scripts/prepare-console.sh" does it): it is not tested in a browser.',
  );

/** Every page of an operator, by its path below the console's and its heading. */
export const PAGES = {
  '': 'Overview',
  requests: 'Requests',
  usage: 'Usage',
  models: 'Models',
  providers: 'Providers',
  explain: 'Explain',
  playground: 'Playground',
  keys: 'Keys & teams',
  config: 'Configuration',
  settings: 'Settings',
} as const;

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** The faults that axe-core finds in a page by WCAG 2.2 AA and its own best practices. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(await Bun.file(AXE).text());
  const { violations } = await page.evaluate<AxeResult>(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  );
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html ?? ''}`);
}

/** Signs in with a key, and waits for the first page. */
export async function signIn(page: Page, url: string, key: string): Promise<void> {
  await page.goto(`${url}/console`);
  await page.getByLabel('Key', { exact: true }).fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  // On a phone it is behind a button.
  await page.locator('nav.side').waitFor({ state: 'attached' });
}

/** Opens a page of the console by its address, and waits until it is drawn. A form that opens with it hides the rest from roles. */
export async function visit(page: Page, url: string, path: string, heading: string): Promise<void> {
  await page.goto(`${url}/console/${path}`);
  await page.getByRole('heading', { name: heading, level: 1, includeHidden: true }).waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
}
