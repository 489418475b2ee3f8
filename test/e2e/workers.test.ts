import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, until } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const WORKERS = 3;
const LAUNCHER = join(import.meta.dir, '..', '..', 'bin', 'llm-proxy');

let simulator: Simulator;
let folder: string;

beforeAll(async () => {
  // A stream takes a second and a half. An answer without streaming comes at once.
  simulator = await startSimulator({ tokensPerSecond: 20, words: 30 });
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-workers-'));
});

afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

function configOf(more = ''): string {
  return `
server: { host: 127.0.0.1, port: 0 }
workers: ${WORKERS}
master_keys:
  - { name: open, key: sk-open }
  - { name: tight, key: sk-tight, rate_limit: { requests_per_second: 0.001, burst_size: 10 } }
providers:
  - { name: a, api_base: "${simulator.url}/v1", api_key: sk-a }
  - { name: b, api_base: "${simulator.url}/v1", api_key: sk-b }
models:
  pair: { routes: [{ provider: a, model: mock/ok }, { provider: b, model: mock/ok }] }
  shaky: { routes: [{ provider: a, model: "mock/500", priority: 1 }, { provider: b, model: mock/ok, priority: 2 }] }
  slow: { routes: [{ provider: a, model: mock/ok }] }
load_balancing: { strategy: round_robin }
fallback: { cooldown_seconds: 600 }
${more}`;
}

interface Team {
  readonly program: TestProcess;
  readonly url: string;
  readonly file: string;
  /** Sends a request over a new connection, so that any worker may get it. */
  readonly post: (model: string, options?: { key?: string; stream?: boolean }) => Promise<Response>;
  readonly metric: (pattern: RegExp) => Promise<number>;
}

async function startTeam(config: string, env: Record<string, string> = {}): Promise<Team> {
  const file = join(mkdtempSync(join(folder, 'team-')), 'config.yaml');
  writeFileSync(file, config);
  const program = startProcess(['--config', file], { env });
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  return teamAt(url, { program, file });
}

function teamAt(url: string, { program, file }: Pick<Team, 'program' | 'file'>): Team {
  return {
    program,
    url,
    file,
    post: (model, { key = 'sk-open', stream = false } = {}) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        keepalive: false,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, connection: 'close' },
        body: JSON.stringify(chat(model, { stream })),
      }),
    async metric(pattern) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text.split('\n').filter((line) => pattern.test(line) && !line.startsWith('#'));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
  };
}

/** The workers of a program, by their parent. */
function workersOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** A port that no process listens on at the moment. */
async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function freePort(): number {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() });
  const { port = 0 } = server;
  void server.stop(true);
  return port;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function stopped({ program }: Team): Promise<number> {
  program.kill('SIGTERM');
  return program.exited;
}

describe.skipIf(process.platform !== 'linux')('several workers on one port', () => {
  test('admit together exactly what one bucket holds, and take turns exactly', async () => {
    const team = await startTeam(configOf());
    expect(workersOf(team.program.pid)).toHaveLength(WORKERS);
    const limited = await Promise.all(
      Array.from({ length: 200 }, async () => (await team.post('pair', { key: 'sk-tight' })).status),
    );
    expect(limited.filter((status) => status === 200)).toHaveLength(10);
    expect(limited.filter((status) => status === 429)).toHaveLength(190);
    const before = simulator.attempts.length;
    await Promise.all(Array.from({ length: 100 }, async () => (await team.post('pair')).text()));
    const credentials = simulator.attempts.slice(before).map(({ headers }) => JSON.stringify(headers));
    expect(credentials.filter((headers) => headers.includes('sk-a'))).toHaveLength(50);
    expect(await stopped(team)).toBe(0);
  });

  test('know of each other what cools, and count as one', async () => {
    const team = await startTeam(configOf());
    const trails: string[] = [];
    for (let n = 0; n < 30; n++) {
      const response = await team.post('shaky');
      expect(response.status).toBe(200);
      trails.push(response.headers.get('x-llm-proxy-trail') ?? '');
    }
    expect(trails.filter((trail) => trail.startsWith('a/mock/500 failed 500'))).toHaveLength(1);
    expect(await team.metric(/^llm_proxy_requests_total\{.*model="shaky"/)).toBe(30);
    expect(await team.metric(/^llm_proxy_cooldowns_total\{provider="a"\}/)).toBe(1);
    expect(await team.metric(/^llm_proxy_active_requests/)).toBe(0);
    const health = await fetch(`${team.url}/health/detailed`, { headers: { 'x-api-key': 'sk-open' } });
    const { providers } = (await health.json()) as {
      providers: { name: string; cooldown_seconds: number }[];
    };
    expect(providers.find(({ name }) => name === 'a')?.cooldown_seconds).toBeGreaterThan(500);
    expect(await stopped(team)).toBe(0);
  });

  test('one that is killed is replaced, the streams of the others finish, and no counter falls', async () => {
    const team = await startTeam(configOf());
    for (let n = 0; n < 20; n++) await (await team.post('pair')).text();
    const counted = await team.metric(/^llm_proxy_requests_total\{.*model="pair"/);
    expect(counted).toBe(20);
    const streams = await Promise.all(Array.from({ length: 24 }, () => team.post('slow', { stream: true })));
    const before = workersOf(team.program.pid);
    process.kill(before[0] ?? 0, 'SIGKILL');
    const texts = await Promise.all(streams.map((stream) => stream.text().catch(() => '')));
    const whole = texts.filter((text) => text.includes('[DONE]'));
    // The streams of the killed worker are lost. The system had divided them among three.
    expect(whole.length).toBeGreaterThan(0);
    expect(whole.length).toBeLessThan(24);
    await team.program.printed(/Worker \d \(pid \d+\) died: signal SIGKILL/);
    await until(() => workersOf(team.program.pid).length === WORKERS || undefined);
    expect(workersOf(team.program.pid)).not.toEqual(before);
    expect(await team.metric(/^llm_proxy_requests_total\{.*model="pair"/)).toBeGreaterThanOrEqual(counted);
    expect(await team.metric(/^llm_proxy_requests_total\{.*model="slow"/)).toBe(whole.length);
    // A stream counts until its worker has noticed its end.
    while ((await team.metric(/^llm_proxy_active_requests/)) !== 0) await Bun.sleep(5);
    for (let n = 0; n < 30; n++) expect((await team.post('pair')).status).toBe(200);
    expect(await stopped(team)).toBe(0);
  });

  test('take a changed configuration together, once, and refuse a bad one together', async () => {
    const team = await startTeam(configOf());
    writeFileSync(
      team.file,
      configOf().replaceAll('name: a,', 'name: a2,').replaceAll('provider: a,', 'provider: a2,'),
    );
    await team.program.printed(/Configuration reloaded \(version 2\)/);
    for (let n = 0; n < 20; n++) {
      expect((await team.post('pair')).headers.get('x-llm-proxy-provider')).toMatch(/^(?:a2|b)$/);
    }
    writeFileSync(team.file, 'providers: 5');
    await until(() => (/must be a list|providers/.test(team.program.stdout()) ? true : undefined));
    for (let n = 0; n < 20; n++) expect((await team.post('pair')).status).toBe(200);
    await until(() => /refused/i.test(team.program.stdout()) || undefined);
    expect(team.program.stdout().match(/reloaded/g)).toHaveLength(1);
    expect(await team.metric(/^llm_proxy_config_version/)).toBe(2);
    expect(await team.metric(/^llm_proxy_config_reload_failures_total/)).toBe(1);
    expect(await stopped(team)).toBe(0);
  });

  test('print whole lines behind what a file has already', async () => {
    const output = join(folder, 'output.log');
    writeFileSync(output, 'before\n');
    const appending = join(folder, 'appending.sh');
    writeFileSync(appending, `#!/bin/sh\nexec "${LAUNCHER}" "$@" >> "${output}"\n`, { mode: 0o755 });
    const file = join(folder, 'appending.yaml');
    const port = freePort();
    writeFileSync(file, configOf('logging: { format: json }').replace('port: 0', `port: ${port}`));
    const program = startProcess(['--config', file], { program: appending });
    while (!(await answers(port))) await Bun.sleep(20);
    const team = teamAt(`http://127.0.0.1:${port}`, { program, file });
    await Promise.all(
      Array.from({ length: 300 }, () => team.post('pair').then((response) => response.text())),
    );
    expect(await stopped(team)).toBe(0);
    const [before, ...lines] = readFileSync(output, 'utf8').trimEnd().split('\n');
    expect(before).toBe('before');
    const json = lines.filter((line) => !line.startsWith('llm-proxy ')).map((line) => JSON.parse(line));
    expect(json.filter(({ message }) => /succeeded/.test(message))).toHaveLength(300);
  });

  test('finish what is in flight when one signal reaches all of them, as from a terminal', async () => {
    const team = await startTeam(configOf());
    const streams = await Promise.all(Array.from({ length: 12 }, () => team.post('slow', { stream: true })));
    for (const pid of [...workersOf(team.program.pid), team.program.pid]) process.kill(pid, 'SIGTERM');
    const texts = await Promise.all(streams.map((stream) => stream.text()));
    expect(texts.filter((text) => text.includes('[DONE]'))).toHaveLength(12);
    expect(await team.program.exited).toBe(0);
  });

  test('drain at a signal that comes while the first of them answers and others still start', async () => {
    const port = freePort();
    const file = join(folder, 'starting.yaml');
    writeFileSync(
      file,
      configOf().replace('port: 0', `port: ${port}`).replace(`workers: ${WORKERS}`, 'workers: 8'),
    );
    const program = startProcess(['--config', file]);
    while (!(await answers(port))) await Bun.sleep(2);
    program.kill();
    expect(await program.exited).toBe(0);
  });

  test('end with what is in flight at a second signal', async () => {
    const team = await startTeam(configOf());
    const workers = workersOf(team.program.pid);
    const streams = await Promise.all(Array.from({ length: 12 }, () => team.post('slow', { stream: true })));
    team.program.kill('SIGTERM');
    await team.program.printed(/draining|shutting down|in flight/i);
    team.program.kill('SIGTERM');
    expect(await team.program.exited).toBe(130);
    await until(() => !workers.some(isAlive) || undefined);
    const texts = await Promise.all(streams.map((stream) => stream.text().catch(() => '')));
    expect(texts.filter((text) => text.includes('[DONE]'))).toHaveLength(0);
  });

  test('are told of and measured without one that does not run, which is replaced', async () => {
    const port = freePort();
    const team = await startTeam(configOf(`metrics: { port: ${port} }`));
    const [pid = 0] = workersOf(team.program.pid).slice(-1);
    process.kill(pid, 'SIGSTOP');
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) });
    expect(await metrics.text()).toContain('llm_proxy');
    await team.program.printed(/no answer for 10 s/);
    await until(() => workersOf(team.program.pid).length === WORKERS || undefined);
    expect(isAlive(pid)).toBe(false);
    expect(await stopped(team)).toBe(0);
  }, 180_000);

  test('end when the process above them is killed', async () => {
    const team = await startTeam(configOf());
    const workers = workersOf(team.program.pid);
    team.program.kill('SIGKILL');
    await until(() => !workers.some(isAlive) || undefined);
  });

  test('say that a port is taken, by whoever it may be', async () => {
    const team = await startTeam(configOf());
    const port = new URL(team.url).port;
    const file = join(folder, 'taken.yaml');
    writeFileSync(file, configOf().replace('port: 0', `port: ${port}`));
    const second = startProcess(['--config', file]);
    expect(await second.exited).toBe(1);
    expect(second.stderr()).toContain(`127.0.0.1:${port} is in use`);
    expect(await stopped(team)).toBe(0);
  });

  test('listen where the configuration says, with one listener for metrics of their own', async () => {
    const port = freePort();
    const own = freePort();
    const config = configOf(`metrics: { port: ${port} }`).replace('port: 0', `port: ${own}`);
    const team = await startTeam(config);
    expect(team.url).toBe(`http://127.0.0.1:${own}`);
    for (let n = 0; n < 10; n++) await (await team.post('pair')).text();
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toMatch(/llm_proxy_requests_total\{.*model="pair",provider="a",.*\} 5\n/);
    expect((await fetch(`${team.url}/metrics`)).status).toBe(404);
    expect(await stopped(team)).toBe(0);
  });
});
