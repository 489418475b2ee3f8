import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { compiled, startGateway, type TestGateway } from './gateway.ts';
import { rawRequest, sendRaw } from './raw-client.ts';

let simulator: Simulator;
let open: TestGateway;
let listed: TestGateway;
let locked: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({});
  const provider = `providers: [{ name: p, api_base: "${simulator.url}" }]`;
  open = startGateway(provider);
  listed = startGateway(provider);
  const server = 'server: { host: 127.0.0.1, port: 0, cors_origins: ["https://chat.example"] }';
  listed.app.swap(compiled(`${server}\n${provider}`, 2));
  locked = startGateway(`proxy_api_key: sk-test\n${provider}`);
});
afterAll(() => Promise.all([open.stop(), listed.stop(), locked.stop(), simulator.stop()]));

const BODY = JSON.stringify({ model: 'mock/ok', messages: [{ role: 'user', content: 'Hello!' }] });

type Fields = Record<string, string>;

async function statusOf(gateway: TestGateway, fields: Fields, line = 'POST /v1/chat/completions') {
  const host = new URL(gateway.url).host;
  const all = { Host: host, 'Content-Type': 'text/plain', ...fields };
  const text = rawRequest(line, Object.entries(all), line.startsWith('POST') ? BODY : '').replace(
    'Host: gateway.test\r\n',
    '',
  );
  const { status, body } = await sendRaw(gateway.url, text);
  return status === 200 ? 200 : /"code":"(\w+)"/.exec(body)?.[1];
}

describe('a gateway without keys on the loopback address', () => {
  const answered: Fields[] = [
    {},
    { Host: 'localhost' },
    { Host: 'LOCALHOST:1' },
    { Host: '[::1]:8080' },
    { Host: '127.8.9.1' },
    { Host: 'a.localhost' },
    { Host: 'host.docker.internal:8080' },
    { Host: 'gateway' },
    { Origin: 'http://localhost:3000' },
    { Origin: 'http://127.0.0.1:5173', 'Sec-Fetch-Site': 'cross-site' },
    { Host: 'localhost:8080', Origin: 'http://localhost:8080', 'Sec-Fetch-Site': 'same-origin' },
    { 'Sec-Fetch-Site': 'none' },
  ];
  for (const fields of answered)
    test(`answers ${JSON.stringify(fields)}`, async () => expect(await statusOf(open, fields)).toBe(200));

  const refused: [Fields, string][] = [
    [{ Origin: 'http://evil.example' }, 'foreign_origin'],
    [{ Origin: 'null' }, 'foreign_origin'],
    [{ Origin: 'https://localhost.evil.example' }, 'foreign_origin'],
    [{ Origin: 'https://127.0.0.1.evil.example' }, 'foreign_origin'],
    [{ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }, 'foreign_origin'],
    [{ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }, 'foreign_origin'],
    [{ Host: 'evil.example' }, 'foreign_host'],
    [{ Host: 'evil.example.:80', Origin: 'http://evil.example.:80' }, 'foreign_host'],
    [{ Host: '127.0.0.1.evil.example' }, 'foreign_host'],
  ];
  for (const [fields, code] of refused)
    test(`refuses ${JSON.stringify(fields)}`, async () => expect(await statusOf(open, fields)).toBe(code));

  test('refuses a list of models to a page as well, and shows it to whoever follows a link', async () => {
    const cross = { 'Sec-Fetch-Site': 'cross-site' };
    expect(await statusOf(open, cross, 'GET /v1/models')).toBe('foreign_origin');
    expect(await statusOf(open, { ...cross, 'Sec-Fetch-Mode': 'navigate' }, 'GET /v1/models')).toBe(200);
  });

  test('answers the probes of a load balancer under any name', async () => {
    for (const path of ['/health', '/healthz', '/readyz'])
      expect(await statusOf(open, { Host: 'lb.example' }, `GET ${path}`)).toBe(200);
  });
});

test('an origin of cors_origins may call, by its own name too', async () => {
  const origin = { Origin: 'https://chat.example' };
  expect(await statusOf(listed, origin)).toBe(200);
  expect(await statusOf(listed, { ...origin, Host: 'chat.example' })).toBe(200);
  expect(await statusOf(listed, { Origin: 'https://other.example' })).toBe('foreign_origin');
});

test('a gateway with keys goes by these alone', async () => {
  const page = { Host: 'evil.example', Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' };
  expect(await statusOf(locked, { ...page, Authorization: 'Bearer sk-test' })).toBe(200);
  expect(await statusOf(locked, page)).toBe('missing_api_key');
});
