import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat } from './gateway.ts';
import { type LoggedGateway, startLoggedGateway } from './logged-gateway.ts';

/** A secret for every setting that takes one. None looks like a key, so that only its value identifies it. */
const CANARIES = {
  master: 'canary.master/+=0123456789',
  provider: 'canary.provider/+=012345678',
  header: 'canary.header/+=0123456789',
  proxy: 'canary-proxy-0123456789',
  metrics: 'canary.metrics/+=012345678',
} as const;

let simulator: Simulator;
let gateway: LoggedGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = await startLoggedGateway(config('true'));
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

const config = (masks: string): string => `
providers:
  - { name: mock, api_base: "${simulator.url}", api_key: "${CANARIES.provider}", headers: { x-extra: "${CANARIES.header}" } }
  - { name: gone, api_base: "http://127.0.0.1:9", api_key: "${CANARIES.provider}2" }
  - { name: proxied, api_base: "http://127.0.0.1:9", proxy: "http://user:${CANARIES.proxy}@127.0.0.1:9" }
models:
  good: { routes: [{ provider: mock, model: mock/ok }] }
  bad: { routes: [{ provider: mock, model: mock/500, priority: 1 }, { provider: gone, model: x, priority: 2 }] }
  proxied: { routes: [{ provider: proxied, model: x }] }
  cut: { routes: [{ provider: mock, model: "mock/cut-rst?after=3" }] }
master_keys: [{ name: team, key: "${CANARIES.master}" }]
metrics: { token: "${CANARIES.metrics}" }
logging:
  level: debug
  general_file: FOLDER/logs/proxy.log
  separate_files: true
  request_dir: FOLDER/requests
  error_dir: FOLDER/errors
  mask_sensitive: ${masks}
  enable_metrics: true`;

/** Every way in which a client, or an error, may bring a secret into the log. */
async function driveEverything(): Promise<void> {
  const auth = { authorization: `Bearer ${CANARIES.master}` };
  const said = Object.values(CANARIES).map((secret) => ({
    role: 'user',
    content: `${secret} ${Buffer.from(`user:${secret}`).toString('base64')} ${encodeURIComponent(secret)}`,
  }));
  for (const model of ['good', 'bad', 'proxied', 'cut', ...Object.values(CANARIES)]) {
    for (const stream of [true, false]) {
      const body = { ...chat(model, { stream }), messages: said };
      await gateway
        .post('/v1/chat/completions', body, auth)
        .then((response) => response.text())
        .catch(() => '');
    }
  }
  for (const secret of Object.values(CANARIES)) {
    await gateway.post(`/v1/${encodeURIComponent(secret)}?api_key=${secret}`, chat('good'), auth);
    await gateway.post('/v1/chat/completions', chat('good'), {
      authorization: `Bearer ${secret}`,
      'x-other': secret,
    });
    await gateway.post('/v1/chat/completions', `{"model": ${secret}`, {
      ...auth,
      cookie: `session=${secret}`,
    });
    gateway.app.emit({ type: 'bug', requestId: undefined, error: new Error(`it broke at ${secret}`) });
  }
  await gateway.log.flush();
}

async function everythingWritten(): Promise<string> {
  const folders = await Promise.all(['logs', 'requests', 'errors'].map((name) => gateway.files(name)));
  return [gateway.terminal(), gateway.complaints(), ...folders.flatMap((files) => [...files.values()])].join(
    '\n',
  );
}

const FORMS: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => encodeURIComponent(secret),
  (secret) => Buffer.from(secret).toString('base64').slice(0, -4),
  (secret) => Buffer.from(`user:${secret}`).toString('base64').slice(8, -4),
];

test('no secret is written anywhere: plain, URL-encoded or in base64', async () => {
  await driveEverything();
  const text = await everythingWritten();
  expect(text.length).toBeGreaterThan(20_000);
  for (const [place, secret] of Object.entries(CANARIES)) {
    const found = FORMS.filter((form) => text.includes(form(secret))).length;
    expect({ place, found }).toEqual({ place, found: 0 });
  }
  expect(text).toContain('canar****6789');
  const metrics = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${CANARIES.metrics}` },
  });
  expect(await metrics.text()).not.toContain('canary');
});

test('a key that nobody knows is masked by its looks, and shown as sk-ab****cdef', async () => {
  const unknown = 'sk-ab0123456789012345678901234567cdef';
  await gateway.post('/v1/chat/completions', chat('good', { user: unknown }), { 'x-api-key': unknown });
  await gateway.post('/v1/chat/completions', chat('good', { user: unknown }), {
    authorization: `Bearer ${CANARIES.master}`,
  });
  await gateway.log.flush();
  const text = await everythingWritten();
  expect(text).toContain('sk-ab****cdef');
  expect(text).not.toContain(unknown);
});

test('with mask_sensitive: false everything is written as it is', async () => {
  gateway.reconfigure(config('false'));
  await gateway.post('/v1/chat/completions', chat('good'), { authorization: `Bearer ${CANARIES.master}` });
  await gateway.log.flush();
  expect(await everythingWritten()).toContain(CANARIES.master);
});
