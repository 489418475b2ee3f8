import { describe, expect, test } from 'bun:test';
import { Refusal } from '../../../src/gateway/refusals.ts';
import { requestTarget } from '../../../src/server/request-target.ts';

describe('path and query as the client wrote them:', () => {
  const cases: [url: string, path: string, search: string][] = [
    ['http://x/v1/files', '/v1/files', ''],
    ['http://x:80/v1/files?a=1&b=%20', '/v1/files', '?a=1&b=%20'],
    ['http://x', '/', ''],
    ['http://x/', '/', ''],
    ['http://x/?', '/', '?'],
    ['http://x/v1/models/a%2Fb', '/v1/models/a%2Fb', ''],
    ['http://x/v1/models/a%2fb:c', '/v1/models/a%2fb:c', ''],
    ['http://x/v1/f?to=http://y/../z', '/v1/f', '?to=http://y/../z'],
    ['http://x//double//slash', '/double/slash', ''],
    ['http://x/v1/...', '/v1/...', ''],
    ['http://x/v1/.well-known', '/v1/.well-known', ''],
    ['http://x/v1/file..name', '/v1/file..name', ''],
    ['/only/a/path?q', '/only/a/path', '?q'],
    ['evil.test:443', '/', ''],
  ];
  for (const [url, path, search] of cases) {
    test(url, () => expect(requestTarget(url)).toMatchObject({ path, search }));
  }
});

describe('a path that would climb is refused:', () => {
  for (const path of [
    '/v1/../admin',
    '/..',
    '/v1/.',
    '/v1/./x',
    '/v1/%2e%2e/x',
    '/v1/%2E%2e',
    '/v1/.%2e/x',
    '/v1/%2e%2e%2fx',
    '/v1/..%2Fx',
    '/v1/..%5cx',
    '/v1/a\\b',
    '/v1\\..\\x',
  ]) {
    test(path, () => {
      expect(() => requestTarget(`http://x${path}`)).toThrow(Refusal);
      expect(() => requestTarget(`http://x${path}?q`)).toThrow('dot segment');
    });
  }

  for (const path of ['/v1/x%2f%2e%2e%2fy', '/v1/x%2f..%2fy', '/v1/x%5c..%5cy']) {
    test(`${path}: the slash before it is encoded, too`, () =>
      expect(() => requestTarget(`http://x${path}`)).toThrow(Refusal));
  }
});
