import { expect, test } from 'bun:test';
import { cacheControlOf } from '../../../../src/gateway/cache/cache-control.ts';

const ANY = { noCache: false, noStore: false, onlyIfCached: false, maxAgeMs: Infinity, minFreshMs: 0 };

test.each([
  ['', ANY],
  ['no-cache', { ...ANY, noCache: true }],
  ['No-Store, no-transform', { ...ANY, noStore: true }],
  ['max-age=60', { ...ANY, maxAgeMs: 60_000 }],
  ['max-age="60" , max-age=5', { ...ANY, maxAgeMs: 5000 }],
  ['max-age=0', { ...ANY, noCache: true, maxAgeMs: 0 }],
  ['only-if-cached', { ...ANY, onlyIfCached: true }],
  ['min-fresh=20, min-fresh="30"', { ...ANY, minFreshMs: 30_000 }],
  ['max-age=soon, public', ANY],
])('%p', (field, meaning) => {
  expect(cacheControlOf(new Headers(field === '' ? {} : { 'cache-control': field }))).toEqual(meaning);
});
