import { expect, test } from 'bun:test';
import { cacheControlOf } from '../../../../src/gateway/cache/cache-control.ts';

const ANY = { noCache: false, noStore: false, maxAgeMs: Infinity };

test.each([
  ['', ANY],
  ['no-cache', { ...ANY, noCache: true }],
  ['No-Store, no-transform', { ...ANY, noStore: true }],
  ['max-age=60', { ...ANY, maxAgeMs: 60_000 }],
  ['max-age="60" , max-age=5', { ...ANY, maxAgeMs: 5000 }],
  ['max-age=0', { noCache: true, noStore: false, maxAgeMs: 0 }],
  ['max-age=soon, public', ANY],
])('%p', (field, meaning) => {
  expect(cacheControlOf(new Headers(field === '' ? {} : { 'cache-control': field }))).toEqual(meaning);
});
