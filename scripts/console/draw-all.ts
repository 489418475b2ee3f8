import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { accessibilityFaults } from '../../test/e2e/console-browser.ts';
import { fileOf } from './views.ts';

/** A gateway as somebody sees it. */
export interface Scene {
  readonly name: string;
  readonly url: string;
  /** The key to sign in with; left out: nobody signs in. */
  readonly key?: string;
  readonly views: readonly string[];
  /** Draws what has no address of its own, after the views. */
  readonly also?: (page: Page, draw: Draw) => Promise<void>;
}

/** A running gateway with the scenes to draw of it. */
export interface Stage {
  readonly scenes: readonly Scene[];
  readonly stop: () => Promise<void>;
}

/** Draws the page under a name. */
export type Draw = (name: string) => Promise<void>;

const LOOKS = [
  ['light', 'en'],
  ['dark', 'en'],
  ['light', 'zh-CN'],
  ['dark', 'zh-CN'],
] as const;
const PHONE_WIDTH = 390;
/** A machine may have much else to do. */
const TIMEOUT_MS = 300_000;
const SIZES = [
  [1440, 900],
  [PHONE_WIDTH, 844],
] as const;

export interface DrawOptions {
  readonly folder: string;
  /** Parts of the names of the pictures that are wanted. */
  readonly only: readonly string[];
  /** Prints the faults of accessibility of what is drawn. */
  readonly hasAxe: boolean;
}

/** Draws each view of a scene at two widths, in both themes and languages. */
export async function drawAll(browser: Browser, scene: Scene, options: DrawOptions): Promise<void> {
  const { folder, only, hasAxe } = options;
  await mkdir(folder, { recursive: true });
  for (const [colorScheme, locale] of LOOKS)
    for (const [width, height] of SIZES) {
      // A colour that fades in is not yet the one that is meant.
      const reducedMotion = 'reduce';
      const viewport = { width, height };
      const context = await browser.newContext({ viewport, colorScheme, locale, reducedMotion });
      context.setDefaultTimeout(TIMEOUT_MS);
      const suffix = `${width}-${colorScheme}-${locale.slice(0, 2)}.png`;
      const page = await context.newPage();
      await drawScene(page, scene, {
        fileFor: (name) => {
          const file = `${scene.name}-${name}-${suffix}`;
          return only.some((part) => file.includes(part)) ? join(folder, file) : undefined;
        },
        drawn: async (path) => {
          if (!hasAxe) return;
          for (const fault of await accessibilityFaults(page)) console.log(`${path}: ${fault}`);
        },
      });
      await context.close();
    }
}

/** The names of the pictures that `also` draws. */
const OPENED = [
  'a-request',
  'a-failure',
  'a-key',
  'a-team',
  'a-provider',
  'review-model',
  'review-provider',
  'review-key',
  'review-text',
  'edited-text',
  'palette',
  'an-answer',
  'lost',
  'restarted',
  'wrong-key',
];

interface Drawing {
  /** The path of a picture; undefined: it is not wanted. */
  readonly fileFor: (name: string) => string | undefined;
  readonly drawn: (path: string) => Promise<void>;
}

async function drawScene(page: Page, scene: Scene, { fileFor, drawn }: Drawing): Promise<void> {
  const draw: Draw = async (name) => {
    const path = fileFor(name);
    if (path === undefined) return;
    await page.screenshot({ path, fullPage: page.viewportSize()?.width === PHONE_WIDTH });
    await drawn(path);
  };
  await signIn(page, scene);
  for (const view of scene.views) {
    if (fileFor(fileOf(view)) === undefined) continue;
    await page.goto(`${scene.url}/console/${view}`);
    await settled(page);
    await draw(fileOf(view));
  }
  if (OPENED.some((name) => fileFor(name) !== undefined)) await scene.also?.(page, draw);
}

async function signIn(page: Page, { url, key }: Scene): Promise<void> {
  await page.goto(`${url}/console`);
  if (key === undefined) return;
  await page.locator('input').fill(key);
  await page.keyboard.press('Enter');
  await page.locator('nav.side').waitFor({ state: 'attached' });
}

/** Waits until a page has what it shows. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1, main h2').first().waitFor();
  await page
    .locator('.skeleton')
    .first()
    .waitFor({ state: 'detached' })
    .catch(() => console.warn(`${page.url()} is still loading`));
  await Bun.sleep(700);
}
