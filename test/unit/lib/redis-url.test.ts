import { expect, test } from 'bun:test';
import { parseRedisUrl } from '../../../src/lib/redis-url.ts';

test('a URL of Redis is read, with TLS, user, password and database', () => {
  expect(parseRedisUrl('redis://redis')).toEqual({
    hosts: [{ host: 'redis', port: 6379 }],
    sentinel: undefined,
    isTls: false,
    user: undefined,
    password: undefined,
    database: 0,
  });
  expect(parseRedisUrl('valkeys://gateway:p%40ss@[::1]:7000/3')).toMatchObject({
    hosts: [{ host: '[::1]', port: 7000 }],
    isTls: true,
    user: 'gateway',
    password: 'p@ss',
    database: 3,
  });
  expect(parseRedisUrl('rediss://:100%@redis')).toMatchObject({ user: undefined, password: '100%' });
});

test('sentinels are read, with the name of the primary', () => {
  expect(parseRedisUrl('redis+sentinel://u:p@a:1,b/main/2')).toMatchObject({
    hosts: [
      { host: 'a', port: 1 },
      { host: 'b', port: 26_379 },
    ],
    sentinel: 'main',
    database: 2,
  });
});

test('a URL that cannot be is refused in words that do not quote its password', () => {
  const wrong = [
    'http://redis',
    'redis://',
    'redis://:secret@redis:0',
    'redis://:secret@a,b:x',
    'redis://:secret@redis/x',
    'redis://:secret@redis/0/1',
    'redis+sentinel://:secret@a:1',
  ];
  for (const text of wrong) {
    const fault = parseRedisUrl(text);
    expect([text, typeof fault]).toEqual([text, 'string']);
    expect(JSON.stringify(fault)).not.toContain('secret');
  }
});
