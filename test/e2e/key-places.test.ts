import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { openTracing } from '../../src/telemetry/traces/trace-open.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { CREDENTIAL_FIELDS } from '../../src/gateway/credentials.ts';
import { type LoggedGateway, startLoggedGateway } from './logged-gateway.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';

const CANARY = 'canary-key-of-a-client-0123456789';

let simulator: Simulator;
let receiver: OtlpReceiver;
let gateway: LoggedGateway;

beforeAll(async () => {
  simulator = await startSimulator({});
  receiver = startOtlpReceiver();
  // The configuration has only the key's hash, so redaction cannot know the key by its value.
  const hash = new Bun.CryptoHasher('sha256').update(CANARY).digest('hex');
  const tracing = openTracing({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '10' },
    clock: systemClock,
    version: 'test',
    complain: () => undefined,
  });
  if (tracing === undefined) throw new Error('nothing is traced');
  const config = `
providers: [{ name: a, api_base: "${simulator.url}/v1", forward_client_auth: true }]
master_keys: [{ name: team, key: "sha256:${hash}" }, { name: other, key: mk-of-nobody }]
logging: { level: debug, general_file: "FOLDER/logs/all.log", separate_files: true, request_dir: "FOLDER/requests", error_dir: "FOLDER/errors" }`;
  gateway = await startLoggedGateway(config, '', tracing);
});
afterEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
  await receiver.stop();
});

interface Place {
  readonly headers?: Record<string, string>;
  readonly search?: string;
}

const BEARER = { authorization: `Bearer ${CANARY}` };
const BASIC = Buffer.from(`user:${CANARY}`).toString('base64');

/** Places for a client's key, besides the field that it authenticates with. */
const PLACES: Readonly<Record<string, Place>> = {
  ...Object.fromEntries(CREDENTIAL_FIELDS.map((name) => [name, { headers: { [name]: CANARY } }])),
  'scheme Key': { headers: { 'x-goog-api-key': `Key ${CANARY}` } },
  'behind a semicolon': { headers: { 'api-key': `a;${CANARY}` } },
  'Basic and a tab': { headers: { 'x-auth-token': `Basic\t${CANARY}` } },
  'Basic in base64': { headers: { 'x-api-key': `Basic ${BASIC}` } },
  'sub-protocol of a WebSocket': {
    headers: { 'sec-websocket-protocol': `realtime, openai-insecure-api-key.${CANARY}` },
  },
  'a field that nobody knows': { headers: { 'x-of-nobody': `token=${CANARY}` } },
  'a cookie': { headers: { cookie: `key=${CANARY}` } },
  '?key=': { search: `?key=${CANARY}` },
  '?api_key= among others': { search: `?limit=1&api_key=${CANARY}&after=x` },
  '?access_token=, percent-encoded': { search: `?access%5Ftoken=${CANARY.replaceAll('-', '%2D')}` },
  'a parameter that nobody knows': { search: `?of-nobody=${CANARY}` },
  'behind a semicolon of the query': { search: `?a=1;key=${CANARY}` },
};

async function everything(): Promise<string> {
  await gateway.log.flush();
  const files = await Promise.all(['logs', 'requests', 'errors'].map((name) => gateway.files(name)));
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  const sent = simulator.attempts.map(({ path, headers }) => `${path} ${JSON.stringify(headers)}`);
  return [
    gateway.terminal(),
    gateway.complaints(),
    ...files.flatMap((one) => [...one.values()]),
    metrics,
    receiver.text(),
    ...sent,
  ].join('\n');
}

test.each(Object.keys(PLACES))('the key of a client goes nowhere from %s', async (name) => {
  const { headers = {}, search = '' } = PLACES[name] ?? {};
  const body = JSON.stringify({ model: 'mock/ok', messages: [{ role: 'user', content: 'Hello!' }] });
  for (const login of [BEARER, { ...BEARER, 'x-api-key': 'sk-of-the-user' }]) {
    const response = await fetch(`${gateway.url}/v1/chat/completions${search}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...headers,
        ...login,
        ...('authorization' in headers ? headers : {}),
      },
      body,
    });
    expect([200, 401]).toContain(response.status);
    expect(await response.text()).not.toContain(CANARY);
    expect(JSON.stringify([...response.headers])).not.toContain(CANARY);
  }
  // An unknown path and a refusal are logged as well.
  await fetch(`${gateway.url}/nowhere${search}`, { headers: { ...headers, ...BEARER } });
  await fetch(`${gateway.url}/v1/models${search}`, { method: 'PUT', headers: { ...headers, ...BEARER } });
  const written = await everything();
  expect(written).not.toContain(CANARY);
  expect(written).not.toContain(encodeURIComponent(CANARY).replaceAll('-', '%2D'));
  expect(written).not.toContain(BASIC);
});

test('a key logs in by the places of Google’s clients, and goes no further', async () => {
  for (const place of [{ headers: { 'x-goog-api-key': CANARY } }, { search: `?key=${CANARY}` }] as Place[]) {
    const response = await fetch(`${gateway.url}/v1/chat/completions${place.search ?? ''}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...place.headers },
      body: JSON.stringify({ model: 'mock/ok', messages: [{ role: 'user', content: 'Hello!' }] }),
    });
    expect(response.status).toBe(200);
  }
  expect(simulator.attempts).toHaveLength(2);
  expect(await everything()).not.toContain(CANARY);
});
