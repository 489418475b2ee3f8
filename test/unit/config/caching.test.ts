import { expect, test } from 'bun:test';
import { compiled } from '../../e2e/gateway.ts';

const PROVIDERS = `
server: { host: 127.0.0.1 }
providers: [{ name: a, api_base: "http://127.0.0.1:1/v1" }]
`;

test('without a model or a key that opts in there is no cache', () => {
  expect(compiled(`${PROVIDERS}cache: { max_mb: 8 }`).caching).toBeUndefined();
  const off = 'models: { fast: { cache: { enabled: false }, routes: [{ provider: a }] } }';
  expect(compiled(`${PROVIDERS}${off}`).caching).toBeUndefined();
});

test('settings of a key come before those of the model, and either may forbid', () => {
  const { caching } = compiled(`${PROVIDERS}
cache: { max_mb: 8, max_entries: 5, max_answer_mb: 0.5 }
models:
  fast: { cache: { ttl: 60, any_temperature: true }, routes: [{ provider: a }] }
  off: { cache: { enabled: false }, routes: [{ provider: a }] }
  plain: { routes: [{ provider: a }] }
master_keys:
  - { name: none, key: sk-none }
  - { name: own, key: sk-own, cache: { ttl: 0.5, replay: paced } }
  - { name: never, key: sk-never, cache: { enabled: false } }
`);
  expect(caching).toMatchObject({ maxBytes: 8 * 1024 ** 2, maxEntries: 5, maxAnswerBytes: 512 * 1024 });
  const rule = caching?.ruleFor;
  expect(rule?.('none', 'fast')).toEqual({ ttlMs: 60_000, anyTemperature: true, isPaced: false });
  expect(rule?.('own', 'fast')).toEqual({ ttlMs: 500, anyTemperature: true, isPaced: true });
  expect(rule?.('own', 'plain')).toEqual({ ttlMs: 500, anyTemperature: false, isPaced: true });
  expect(rule?.(undefined, 'fast')).toEqual({ ttlMs: 60_000, anyTemperature: true, isPaced: false });
  for (const [key, model] of [
    ['never', 'fast'],
    ['own', 'off'],
    ['none', 'plain'],
  ] as const)
    expect(rule?.(key, model)).toBeUndefined();
});
