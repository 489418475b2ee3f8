import { describe, expect, test } from 'bun:test';
import { allowedOrigin, preflight, withCors } from '../../../src/server/cors.ts';

const APP = 'https://app.example.com';
const from = (origin?: string): Headers => new Headers(origin === undefined ? {} : { origin });

describe('which origins are let in', () => {
  test('none by default', () => expect(allowedOrigin(from(APP), [])).toBeUndefined());

  test('the ones that are listed, exactly', () => {
    const listed = [APP, 'http://localhost:3000'];
    expect(allowedOrigin(from(APP), listed)).toBe(APP);
    expect(allowedOrigin(from('http://localhost:3000'), listed)).toBe('http://localhost:3000');
    for (const other of [
      `${APP}.evil.test`,
      'https://evil.test',
      'http://app.example.com',
      'null',
      undefined,
    ])
      expect(allowedOrigin(from(other), listed)).toBeUndefined();
  });

  test('all with a star, each by its own name', () => {
    expect(allowedOrigin(from('https://any.test'), ['*'])).toBe('https://any.test');
    expect(allowedOrigin(from(), ['*'])).toBeUndefined();
  });
});

test('a browser that asks beforehand may use every method and the fields that it names', () => {
  const headers = new Headers({
    origin: APP,
    'access-control-request-headers': 'authorization,x-stainless-os',
  });
  const response = preflight(headers, APP);
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe(APP);
  expect(response.headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os');
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    expect(response.headers.get('access-control-allow-methods')?.split(', ')).toContain(method);
  expect(response.headers.get('vary')).toBe('origin');
});

test('an answer can be read by the origin, and caches keep it apart', () => {
  const response = withCors(new Response('x', { status: 429, headers: { vary: 'accept-encoding' } }), APP);
  expect(response.status).toBe(429);
  expect(response.headers.get('access-control-allow-origin')).toBe(APP);
  expect(response.headers.get('access-control-expose-headers')).toBe('*');
  expect(response.headers.get('vary')).toBe('accept-encoding, origin');
});
