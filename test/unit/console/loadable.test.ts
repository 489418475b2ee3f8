import { expect, test } from 'bun:test';
import { loadable } from '../../../console/src/app/loadable.ts';

const load = async () => ({ default: 'the page' });
const lazy = (): string => 'a placeholder, then the page';

test('a page that was loaded ahead of time is drawn without a placeholder', async () => {
  const place = loadable(load, lazy);
  await place.load();
  expect(place.page()).toBe('the page');
});

test('a page that is shown keeps its component when its script arrives', async () => {
  const place = loadable(load, lazy);
  const shown = place.page();
  await place.load();
  expect([shown, place.page()]).toEqual([lazy(), lazy()]);
});
