import type { Page } from 'playwright-core';
import { type Draw, settled } from './draw-all.ts';

/** Draws the views that open by a click: a request, the first row of each list, the palette, an answer of the playground. */
export async function drawOpened(page: Page, draw: Draw): Promise<void> {
  const origin = new URL(page.url()).origin;
  for (const [name, view] of [
    ['a-request', 'requests?tail=off&has_fallback=true'],
    ['a-failure', 'requests?tail=off&ending=failed,refused,truncated,lost'],
    ['a-key', 'keys'],
    ['a-team', 'keys?tab=teams'],
    ['a-provider', 'providers'],
  ] as const) {
    await page.goto(`${origin}/console/${view}`);
    await settled(page);
    const row = page.locator('tbody tr[tabindex]').first();
    if ((await row.count()) === 0) continue;
    await row.click();
    await page.getByRole('dialog').waitFor();
    await settled(page);
    await draw(name);
  }
  await page.goto(`${origin}/console/models`);
  await settled(page);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await settled(page);
  await draw('palette');
  await drawAnswer(page, origin, draw);
}

async function drawAnswer(page: Page, origin: string, draw: Draw): Promise<void> {
  await page.goto(`${origin}/console/explain`);
  await settled(page);
  await page.goto(`${origin}/console/playground`);
  await settled(page);
  const question = page.locator('.composer textarea');
  // A role that may send nothing has no playground.
  if ((await question.count()) === 0) return;
  await question.fill('Say hello, in one sentence.');
  await page.keyboard.press('Enter');
  await Bun.sleep(2500);
  await draw('an-answer');
}

/** Draws the reviews of changes by form and by text, which say what a role or a gateway with a file can do with them. */
export async function drawReviews(page: Page, draw: Draw): Promise<void> {
  const origin = new URL(page.url()).origin;
  for (const [name, view, field, text] of [
    ['review-model', 'models?edit=gpt-5.5', '.drawer input[type=number]', '2'],
    ['review-provider', 'providers?edit=openai', '.drawer input[type=number]', '3'],
    ['review-key', 'keys?new=1', '.drawer input', 'new-app'],
  ] as const) {
    await page.goto(`${origin}/console/${view}`);
    await settled(page);
    await page.locator(field).first().fill(text);
    const submit = page.locator('.drawer button[type=submit]');
    // A role that may change nothing sees why.
    if (await submit.isEnabled()) {
      await submit.click();
      await page.locator('.dialog').waitFor();
    }
    await settled(page);
    await draw(name);
  }
  await page.goto(`${origin}/console/config`);
  await settled(page);
  const editor = page.locator('.cm-content[contenteditable=true]');
  if ((await editor.count()) === 0) return;
  await editor.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('fallback: { cooldown_seconds: 8 }');
  await Bun.sleep(1500);
  await draw('edited-text');
  const review = page.locator('main .button.is-primary');
  if ((await review.count()) === 0) return;
  await review.last().click();
  await page.locator('.dialog').waitFor();
  await settled(page);
  await draw('review-text');
}
