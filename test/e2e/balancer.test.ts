import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const ROOT = join(import.meta.dir, '..', '..');

const nginx = Bun.which('nginx') ?? Bun.which('/usr/sbin/nginx');
if (nginx === null) console.error('There is no nginx: the load balancer of the cluster is not tried.');

interface Service {
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

test('the cluster has three gateways, each with a volume of its own, and only the balancer is public', async () => {
  const text = await Bun.file(join(ROOT, 'docker-compose.yml')).text();
  const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };
  const inCluster = Object.keys(services).filter((name) => services[name]?.profiles?.includes('cluster'));
  expect(inCluster).toEqual(['llm-proxy-2', 'llm-proxy-3', 'balancer', 'valkey', 'db']);
  const gateways = ['llm-proxy', 'llm-proxy-2', 'llm-proxy-3'].map((name) => services[name]!);
  const data = gateways.flatMap(
    ({ volumes }) => volumes?.filter((volume) => volume.endsWith(':/data')) ?? [],
  );
  expect(new Set(data).size).toBe(3);
  expect(gateways.slice(1).flatMap(({ ports }) => ports ?? [])).toEqual([]);
  const upstream = await Bun.file(join(ROOT, 'deploy/nginx/cluster.conf')).text();
  expect([...upstream.matchAll(/server (llm-proxy\S*):18000/g)].map(([, name]) => name)).toEqual([
    'llm-proxy',
    'llm-proxy-2',
    'llm-proxy-3',
  ]);
});

describe.skipIf(nginx === null)('the load balancer of the cluster', () => {
  let simulator: Simulator;
  let gateways: TestProcess[];
  let folder: string;
  let url: string;
  let server: Bun.Subprocess;

  beforeAll(async () => {
    simulator = await startSimulator({ tokensPerSecond: 50, words: 10 });
    folder = await mkdtemp(join(tmpdir(), 'llm-proxy-balancer-'));
    const config = join(folder, 'config.yaml');
    await Bun.write(
      config,
      `
server: { host: 127.0.0.1, port: 0 }
providers: [{ name: a, api_base: "${simulator.url}/v1", api_key: sk-a }]
models: { m: { routes: [{ provider: a, model: mock/ok }] } }
allow_unauthenticated: true
`,
    );
    // Longer than the pause between two uses of a kept connection.
    const env = { LLM_PROXY_DRAIN_DELAY: '2' };
    gateways = [1, 2, 3].map(() => startProcess(['--config', config], { env }));
    // Its workers run as another user where it is started as root.
    await chmod(folder, 0o755);
    const port = freePort();
    url = `http://127.0.0.1:${port}`;
    let conf = await Bun.file(join(ROOT, 'deploy/nginx/cluster.conf')).text();
    for (const [index, name] of ['llm-proxy', 'llm-proxy-2', 'llm-proxy-3'].entries()) {
      const [, address = ''] = await gateways[index]!.printed(/listening on http:\/\/(\S+)/);
      conf = conf.replace(`${name}:18000`, address);
    }
    conf = conf.replace('listen 18080', `listen 127.0.0.1:${port}`);
    await Bun.write(
      join(folder, 'nginx.conf'),
      `pid ${folder}/pid; error_log ${folder}/error.log; events {} http { access_log off; ${TEMPORARY.map(
        (kind) => `${kind}_temp_path ${folder}/${kind};`,
      ).join(' ')}\n${conf} }`,
    );
    const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'];
    server = Bun.spawn([nginx ?? '', ...args], { stdio: ['ignore', 'ignore', 'ignore'] });
    while (!(await answers(url))) await Bun.sleep(10);
  });
  afterAll(async () => {
    server.kill();
    await server.exited;
    for (const gateway of gateways) gateway.kill('SIGKILL');
    await Promise.all(gateways.map(({ exited }) => exited));
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const post = (stream: boolean, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(chat('m', { stream })),
    });

  test('passes streams on as they come', async () => {
    // Its provider falls silent after three words, and what came until then has to arrive all the same.
    const response = await post(true, { 'x-mock-fault': 'stall?after=3' });
    expect(response.status).toBe(200);
    const reader = response.body!.getReader();
    expect(String(Buffer.from((await reader.read()).value ?? []))).toContain('data: {');
    await reader.cancel();
  });

  test('keeps the Admin API, the console and the metrics for operators', async () => {
    for (const path of ['/admin/v1/keys', '/console', '/metrics'])
      expect((await fetch(url + path)).status).toBe(404);
  });

  test('fails no request while a gateway is stopped', async () => {
    const streams = Array.from({ length: 6 }, async () => (await post(true)).text());
    await Bun.sleep(50);
    gateways[0]!.kill('SIGTERM');
    for (let count = 0; count < 20; count++) expect((await post(false)).status).toBe(200);
    for (const text of await Promise.all(streams)) expect(text).toContain('[DONE]');
    expect(await gateways[0]!.exited).toBe(0);
  });
});

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

function answers(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function freePort(): number {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}
