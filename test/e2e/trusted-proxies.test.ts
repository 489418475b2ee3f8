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

test('a request that is refused is logged with the address of its client', async () => {
  const gateway = await startLoggedGateway(
    `providers: [{ name: a, api_base: "${simulator.url}" }]\nproxy_api_key: sk-0123456789abcdef`,
    'trusted_proxies: [127.0.0.1]',
  );
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  await gateway.post('/v1/chat/completions', chat('mock/ok'), headers);
  await fetch(`${gateway.url}/health`, { method: 'DELETE', headers });
  await gateway.stop();
  expect(gateway.terminal().match(/refused: \S+ status=40[15] path=\S+ client=203\.0\.113\.9/g)).toHaveLength(
    2,
  );
});

test("a provider's 404 to what a client asked for is one line, and neither a warning nor an error", async () => {
  const gateway = await startLoggedGateway(`providers: [{ name: a, api_base: "${simulator.url}" }]\n`);
  const response = await gateway.post('/v1/chat/completions', chat('mock/404'));
  expect(response.status).toBe(404);
  await gateway.stop();
  expect(gateway.terminal()).toContain('[INFO] ');
  expect(gateway.terminal()).toMatch(/rejected by the provider: provider=a status=404/);
  expect(gateway.terminal()).not.toMatch(/WARN|ERROR/);
});

test('a forwarded address is not sent to the provider', () => {
  expect(simulator.attempts.length).toBeGreaterThan(2);
  expect(JSON.stringify(simulator.attempts.map(({ headers }) => headers))).not.toContain('203.0.113.9');
});
