import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat } from './gateway.ts';
import { startLoggedGateway } from './logged-gateway.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());

/** The client's address in the log of a request that carries forwarded fields. */
async function loggedAddress(server: string): Promise<string | undefined> {
  const gateway = await startLoggedGateway(
    `providers: [{ name: a, api_base: "${simulator.url}" }]\n`,
    server,
  );
  try {
    const response = await gateway.post('/v1/chat/completions', chat('mock/ok'), {
      'x-forwarded-for': '198.51.100.7, 203.0.113.9',
      'x-forwarded-proto': 'https',
    });
    expect(response.status).toBe(200);
    await response.text();
    return /client=(\S+)/.exec(gateway.terminal())?.[1];
  } finally {
    await gateway.stop();
  }
}

test('a forwarded address is believed from a trusted proxy, and from nobody else', async () => {
  expect(await loggedAddress('trusted_proxies: [127.0.0.0/8]')).toBe('203.0.113.9');
  expect(await loggedAddress('trusted_proxies: [192.0.2.0/24]')).toBe('127.0.0.1');
  expect(await loggedAddress('')).toBe('127.0.0.1');
});

test('a forwarded address is not sent to the provider', () => {
  expect(simulator.attempts.length).toBe(3);
  expect(JSON.stringify(simulator.attempts.map(({ headers }) => headers))).not.toContain('203.0.113.9');
});
