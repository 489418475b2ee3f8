import { expect, test } from 'bun:test';
import { checkServer } from '../../../src/redis/server-check.ts';

const infoOf = (version: string, policy = 'noeviction'): string =>
  `# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n# Memory\r\nmaxmemory_policy:${policy}\r\n`;

test('a Redis before 6.2 is refused with its version', () => {
  for (const version of ['5.0.14', '6.0.16'])
    expect(checkServer(infoOf(version))).toEqual({
      refused: `Redis 6.2 or later, or Valkey (this one is ${version})`,
    });
  expect(checkServer('')).toEqual({ refused: expect.stringContaining('unknown') });
  for (const version of ['6.2.0', '7.2.4', '10.0.0']) expect(checkServer(infoOf(version))).toEqual({});
});

test('a Redis that evicts keys is warned of, with the setting that mends it', () => {
  const { warning } = checkServer(infoOf('7.0.15', 'allkeys-lru'));
  expect(warning).toContain('maxmemory-policy allkeys-lru');
  expect(warning).toContain('CONFIG SET maxmemory-policy noeviction');
});
