import { expect, test } from 'bun:test';
import { environmentProxy } from '../../../src/upstream/environment-proxy.ts';

const P = 'http://proxy.test:3128';

test.each([
  ['wss://a.test/v1', { HTTPS_PROXY: P }, P],
  ['https://a.test/v1', { https_proxy: P, HTTPS_PROXY: 'http://other.test' }, P],
  ['ws://a.test/v1', { HTTPS_PROXY: P }, undefined],
  ['ws://a.test/v1', { http_proxy: P }, P],
  ['wss://a.test/v1', { HTTPS_PROXY: '' }, undefined],
  ['wss://a.test/v1', { HTTPS_PROXY: P, NO_PROXY: '*' }, undefined],
  ['wss://api.a.test/v1', { HTTPS_PROXY: P, NO_PROXY: 'b.test, A.test' }, undefined],
  ['wss://api.a.test/v1', { HTTPS_PROXY: P, no_proxy: '.a.test' }, undefined],
  ['wss://aa.test/v1', { HTTPS_PROXY: P, NO_PROXY: 'a.test' }, P],
  ['wss://a.test:8443/v1', { HTTPS_PROXY: P, NO_PROXY: 'a.test:8443' }, undefined],
  ['wss://a.test:8444/v1', { HTTPS_PROXY: P, NO_PROXY: 'a.test:8443' }, P],
  ['no address', { HTTPS_PROXY: P }, undefined],
] as const)('%s with %j goes through %p', (address, env, proxy) => {
  expect(environmentProxy(address, env)).toBe(proxy);
});
