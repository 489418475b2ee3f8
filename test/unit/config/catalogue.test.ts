import { describe, expect, test } from 'bun:test';
import type { Model } from '../../../src/routing/route.ts';
import { snapshotOf } from './configuration.ts';

const KEY = 'proxy_api_key: sk-test\n';
const routesOf = (model: Model | undefined) => model?.routes.map(({ id, weight }) => `${id} ${weight}`);
const fallbacksOf = (model: Model | undefined) => model?.fallbacks.map(({ name }) => name);

describe('models that mappings serve', () => {
  const { findModel, models, patterns } = snapshotOf(`${KEY}
providers:
  - name: a
    api_base: https://a.test
    weight: 2.5
    model_mapping: {"*": "*", "gpt-*": old, "gpt-4*": "new/*", gpt-4: gpt-4-turbo}
  - name: b
    api_base: https://b.test
    model_mapping: {gpt-4: gpt-4}
  - name: open
    api_base: https://c.test
    weight: 0
  - name: off
    api_base: https://d.test
    enabled: false
`);

  test('have a route for each provider whose mapping has them, and for each that has none', () => {
    expect(routesOf(findModel('gpt-4'))).toEqual(['a/gpt-4-turbo 2.5', 'b/gpt-4 1', 'open/gpt-4 0']);
  });

  test('are found exactly first, then by the longest pattern, then by *', () => {
    expect(routesOf(findModel('gpt-4o'))?.[0]).toBe('a/new/gpt-4o 2.5');
    expect(routesOf(findModel('gpt-3'))?.[0]).toBe('a/old 2.5');
    expect(routesOf(findModel('claude'))?.[0]).toBe('a/claude 2.5');
  });

  test('are named only where they are spelled out', () => {
    expect([...models.keys()]).toEqual(['gpt-4']);
    expect(patterns).toEqual(['gpt-4*', 'gpt-*', '*']);
  });

  test('take turns under their own name, or with all others of their pattern', () => {
    expect(findModel('gpt-4')?.rotation).toBe('gpt-4');
    expect(findModel('made-up-1')?.rotation).toBe(findModel('made-up-2')?.rotation);
    expect(findModel('gpt-4o')?.rotation).not.toBe(findModel('made-up-2')?.rotation);
  });

  test('take turns in a round by default', () => expect(findModel('x')?.strategy).toBe('round_robin'));

  test('are remembered, but no more of them than a few thousand', () => {
    const first = findModel('name-0');
    expect(findModel('name-0')).toBe(first as Model);
    for (let index = 1; index <= 4096; index += 1) findModel(`name-${index}`);
    expect(findModel('name-0')).not.toBe(first as Model);
    expect(findModel('name-0')).toEqual(first as Model);
  });

  test('keep dollars of a name that the client made up', () => {
    expect(findModel('$& $1')?.routes[0]?.upstreamModel).toBe('$& $1');
  });
});

describe('models that have routes', () => {
  const { findModel, models, warnings, server } = snapshotOf(`${KEY}
rewrite_response_model: true
providers:
  - {name: a, api_base: "https://a.test", weight: 3, model_mapping: {mapped: m, listed: wrong, off: wrong}}
  - {name: open, api_base: "https://b.test"}
  - {name: gone, api_base: "https://c.test", enabled: false}
models:
  listed:
    rewrite_response_model: false
    routes:
      - {backend: a, model: up}
      - {provider: a, model: up2, weight: 0.5, priority: 2}
      - {backend: a, model: up}
      - {backend: gone, model: up}
      - {backend: a, model: up3, enabled: false}
      - {backend: a}
  off: {enabled: false, routes: [{backend: a}]}
  empty: {routes: [{backend: gone}]}
`);

  test('have those, without the disabled ones, with their weight or that of the provider', () => {
    expect(findModel('listed')?.routes).toEqual([
      { id: 'a/up', provider: 'a', upstreamModel: 'up', priority: 1, weight: 3 },
      { id: 'a/up2', provider: 'a', upstreamModel: 'up2', priority: 2, weight: 0.5 },
      { id: 'a/listed', provider: 'a', upstreamModel: 'listed', priority: 1, weight: 3 },
    ]);
  });

  test('are chosen from at random by default, while mapped ones of the same file take turns', () => {
    expect(findModel('listed')?.strategy).toBe('random');
    expect(findModel('mapped')?.strategy).toBe('round_robin');
  });

  test('leave nothing to providers without a mapping', () => expect(findModel('anything')).toBeUndefined());

  test('are not served when disabled, not even by a mapping', () => expect(findModel('off')).toBeUndefined());

  test('stay known when no route is left, since they may have fallbacks', () => {
    expect(findModel('empty')?.routes).toEqual([]);
    expect([...models.keys()]).toEqual(['listed', 'empty', 'mapped']);
  });

  test('say for themselves whether answers are rewritten', () => {
    expect([server.rewriteResponseModel('listed'), server.rewriteResponseModel('mapped')]).toEqual([
      false,
      true,
    ]);
  });

  test('give warnings where something can not be meant', () => {
    expect(warnings).toEqual([
      'Model "listed" has two routes to "up" at "a": only the first counts.',
      'Model "empty" has no enabled route and no fallback: requests for it will fail.',
      'Provider "open" is not used by any route.',
    ]);
  });
});

test('one strategy for all can be set', () => {
  const text = `${KEY}load_balancing: {strategy: least_busy}
providers: [{name: a, api_base: "https://a.test", model_mapping: {x: y}}]
models: {m: {routes: [{backend: a}]}}`;
  const { findModel } = snapshotOf(text);
  expect([findModel('m')?.strategy, findModel('x')?.strategy]).toEqual(['least_busy', 'least_busy']);
});

test('an empty models section is as good as none', () => {
  const { findModel } = snapshotOf(`${KEY}providers: [{name: a, api_base: "https://a.test"}]\nmodels: {}`);
  expect(findModel('any')).toBeDefined();
});

describe('fallbacks', () => {
  const models = (names: string) =>
    names
      .split('')
      .map((name) => `  ${name}: {routes: [{backend: p}]}`)
      .join('\n');
  const file = (fallbacks: string, more = '') =>
    `${KEY}backends: [{name: p, url: "https://p.test"}]\nmodels:\n${models('abcde')}\n${more}
fallback:
  alias_fallback: ${fallbacks}`;

  test('are followed depth first, each once', () => {
    const { findModel } = snapshotOf(file('{a: [b, c, d], b: [d], d: [e]}'));
    expect(fallbacksOf(findModel('a'))).toEqual(['b', 'd', 'e', 'c']);
    expect(fallbacksOf(findModel('b'))).toEqual(['d', 'e']);
    expect(fallbacksOf(findModel('e'))).toEqual([]);
  });

  test('never lead back to a model, and a circle is a warning', () => {
    const { findModel, warnings } = snapshotOf(file('{a: [b], b: [c], c: [a], d: [d, e]}'));
    expect(fallbacksOf(findModel('a'))).toEqual(['b', 'c']);
    expect(fallbacksOf(findModel('c'))).toEqual(['a', 'b']);
    expect(fallbacksOf(findModel('d'))).toEqual(['e']);
    expect(warnings).toEqual([
      'Fallbacks form a cycle: "a" → "b" → "c" → "a". Each model is tried once.',
      'Fallbacks form a cycle: "d" → "d". Each model is tried once.',
    ]);
  });

  test('that are disabled are skipped, and their own fallbacks still apply', () => {
    const off = '  off: {enabled: false, routes: [{backend: p}]}';
    const { findModel } = snapshotOf(file('{a: ["off", b], "off": [e]}', off));
    expect(fallbacksOf(findModel('a'))).toEqual(['e', 'b']);
    expect(findModel('off')).toBeUndefined();
  });

  test('that nothing serves and nothing resembles are skipped with a warning', () => {
    const { findModel, warnings } = snapshotOf(file('{a: [something-else-entirely, b]}'));
    expect(fallbacksOf(findModel('a'))).toEqual(['b']);
    expect(warnings).toEqual([
      'Model "a" has the fallback "something-else-entirely", which no provider serves: it is skipped.',
    ]);
  });

  test('may be models that only a mapping or an open provider serves', () => {
    const { findModel, models, warnings } = snapshotOf(`${KEY}
providers:
  - {name: p, api_base: "https://p.test", model_mapping: {"small-*": "*"}}
  - {name: q, api_base: "https://q.test"}
fallback: {alias_fallback: {big: [small-1]}}
`);
    expect(fallbacksOf(findModel('big'))).toEqual(['small-1']);
    expect(findModel('big')?.fallbacks[0]?.routes.map(({ id }) => id)).toEqual(['p/small-1', 'q/small-1']);
    expect([findModel('big')?.rotation, warnings, [...models.keys()]]).toEqual(['*', [], []]);
  });
});
