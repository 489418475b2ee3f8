import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { localDate } from '../../src/telemetry/log/local-time.ts';
import { chat, until } from './gateway.ts';
import { type LoggedGateway, startLoggedGateway } from './logged-gateway.ts';

let simulator: Simulator;
let gateway: LoggedGateway;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());
afterEach(() => gateway.stop());

const config = (logging: string): string => `
providers: [{ name: mock, api_base: "${simulator.url}" }]
models:
  good: { routes: [{ provider: mock, model: mock/ok }] }
  zipped: { routes: [{ provider: mock, model: mock/gzip }] }
  bad: { routes: [{ provider: mock, model: mock/500 }] }
logging: { ${logging} }`;

async function start(logging: string): Promise<LoggedGateway> {
  gateway = await startLoggedGateway(config(logging));
  return gateway;
}

async function ask(model: string, more: Record<string, unknown> = {}): Promise<number> {
  const response = await gateway.post('/v1/chat/completions', chat(model, more));
  await response.text();
  return response.status;
}

const PROMPT = { messages: [{ role: 'user', content: 'a very private question' }] };
const SEPARATE = 'separate_files: true, request_dir: FOLDER/requests, error_dir: FOLDER/errors';
const today = (): string => localDate(new Date());

test('the general file has what the terminal has, and a date in its name', async () => {
  await start('general_file: FOLDER/logs/proxy.log');
  await ask('good');
  await gateway.log.flush();
  const files = await gateway.files('logs');
  expect([...files.keys()]).toEqual([`proxy_${today()}.log`]);
  expect([...files.values()]).toEqual([gateway.terminal()]);
  expect(gateway.terminal()).toMatch(
    /^\[\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\] \[INFO\] \[req_\w+\] Request received: model=good/,
  );
  expect(gateway.terminal()).toContain('Request succeeded: provider=mock status=200');
});

test('tomorrow it is another file', async () => {
  await start('general_file: FOLDER/logs/proxy.log');
  await ask('good');
  await gateway.log.flush();
  gateway.sleep(86_400_000);
  await ask('good');
  await gateway.log.flush();
  expect((await gateway.files('logs')).size).toBe(2);
});

test('a full file is followed by a numbered one, and only so many are kept', async () => {
  await start('general_file: FOLDER/logs/proxy.log, max_file_size_mb: 0.001, max_files: 3');
  for (let time = 0; time < 60; time++) await ask('good');
  await gateway.log.flush();
  const files = await gateway.files('logs');
  expect(files.size).toBe(3);
  for (const text of files.values()) expect(text.length).toBeLessThanOrEqual(1_049);
});

test('with enable_metrics each request has a line with its times and tokens, in either language and form', async () => {
  await start('enable_metrics: true');
  await ask('good');
  await gateway.log.flush();
  expect(gateway.terminal()).toMatch(
    /\[INFO\] \[req_\w+\] Metrics: total=\d+ms attempts=\[mock\/mock\/ok answered \d+ms\] first_token=\d+ms gateway=[\d.]+ms tokens=\d+\+\d+=\d+\n/,
  );
  gateway.reconfigure(config('enable_metrics: true, language: zh'));
  await ask('good');
  await gateway.log.flush();
  expect(gateway.terminal()).toContain('收到请求: 模型=good 客户端=127.0.0.1');
  expect(gateway.terminal()).toMatch(/性能指标: 总耗时=\d+ms/);
  gateway.reconfigure(config('enable_metrics: true, format: json'));
  await ask('bad');
  await gateway.log.flush();
  const last = gateway.terminal().trimEnd().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ level: 'info', event: 'metrics', total: expect.any(Number) });
});

test('each request has a file with its bodies, a failed one a copy of it among the errors', async () => {
  await start(SEPARATE);
  expect(await ask('good', PROMPT)).toBe(200);
  expect(await ask('good', { ...PROMPT, stream: true })).toBe(200);
  expect(await ask('zipped', PROMPT)).toBe(200);
  expect(await ask('bad', PROMPT)).toBe(500);
  await until(
    () => (gateway.terminal().match(/Request (?:succeeded|failed)/g) ?? []).length === 4 || undefined,
  );
  await gateway.log.flush();
  const requests = await gateway.files('requests');
  const errors = await gateway.files('errors');
  expect(requests.size).toBe(4);
  expect(errors.size).toBe(1);
  const [[name, failed] = ['', '']] = [...errors];
  expect(requests.get(name)).toBe(failed);
  expect(name).toMatch(/^\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}_req_\w+\.log$/);
  expect(failed).toContain('Answer: 500 (failed)');
  for (const text of requests.values()) {
    expect(text).toContain('POST /v1/chat/completions');
    expect(text).toContain('a very private question');
    expect(text).toMatch(/Answer body\n(?:\{|data: )/);
  }
  expect([...requests.values()].filter((text) => text.includes('data: [DONE]'))).toHaveLength(1);
  for (const directory of ['requests', 'errors']) {
    for (const file of await readdir(join(gateway.folder, directory))) {
      expect((await stat(join(gateway.folder, directory, file))).mode & 0o777).toBe(0o600);
    }
  }
});

test('without separate_files no prompt and no answer is written anywhere', async () => {
  await start('level: debug, general_file: FOLDER/logs/proxy.log, enable_metrics: true');
  await ask('good', PROMPT);
  await ask('bad', PROMPT);
  await gateway.log.flush();
  const all = [...(await gateway.files('logs')).values(), gateway.terminal()].join('');
  expect(all).toContain('Request failed');
  expect(all).not.toContain('private');
});

test('only the beginning of a large body is kept, with the number of bytes left out', async () => {
  await start(SEPARATE);
  await ask('good', { messages: [{ role: 'user', content: 'x'.repeat(3_000_000) }] });
  await gateway.log.flush();
  const [text = ''] = (await gateway.files('requests')).values();
  expect(text.length).toBeLessThan(1_100_000);
  expect(text).toMatch(/\(19\d{5} bytes more\)/);
});

test('a request that was turned down has a file too, with its path and without its key', async () => {
  await start(SEPARATE);
  await gateway.post('/v1/chat/completions', '{broken', { 'x-api-key': 'opaque-credential-of-somebody' });
  await gateway.log.flush();
  const [text = ''] = (await gateway.files('errors')).values();
  expect(text).toContain('Answer: 400 (refused)');
  expect(text).toContain('x-api-key: opaqu****body');
  expect(text).not.toContain('opaque-credential');
});

test.skipIf(!existsSync('/dev/full'))(
  'a full disk stops no request, is counted, and is said once a minute',
  async () => {
    await start('general_file: FOLDER/logs/proxy.log, level: debug');
    await mkdir(join(gateway.folder, 'logs'));
    await symlink('/dev/full', join(gateway.folder, 'logs', `proxy_${today()}.log`));
    for (let time = 0; time < 5; time++) expect(await ask('good')).toBe(200);
    await gateway.log.flush();
    expect(gateway.complaints().match(/ENOSPC/g)).toHaveLength(1);
    expect(gateway.complaints()).not.toContain(gateway.folder);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(Number(/llm_proxy_log_dropped_rows_total (\d+)/.exec(metrics)?.[1])).toBeGreaterThanOrEqual(10);
    gateway.sleep(61_000);
    await ask('good');
    await gateway.log.flush();
    expect(gateway.complaints().match(/ENOSPC/g)).toHaveLength(2);
  },
);

test('a directory that cannot be made stops no request', async () => {
  await start(
    `general_file: FOLDER/occupied/proxy.log, ${SEPARATE.replace('FOLDER/requests', 'FOLDER/occupied')}`,
  );
  await writeFile(join(gateway.folder, 'occupied'), '');
  expect(await ask('good')).toBe(200);
  await gateway.log.flush();
  expect(gateway.log.droppedRows()).toBeGreaterThanOrEqual(3);
  expect(gateway.complaints()).not.toBe('');
});

test('a disk that does not come back slows no request, and what it cannot take is dropped and counted', async () => {
  await start('general_file: FOLDER/logs/proxy.log, level: debug');
  await mkdir(join(gateway.folder, 'logs'));
  // Opening a pipe without a reader blocks for ever, like a disk that hangs.
  const pipe = join(gateway.folder, 'logs', `proxy_${today()}.log`);
  expect(await Bun.spawn(['mkfifo', pipe]).exited).toBe(0);
  for (let time = 0; time < 50; time++) expect(await ask('good')).toBe(200);
  for (let line = 0; line < 12_000; line++) gateway.log.say('info', 'warning', { text: 'x' });
  expect(gateway.log.droppedRows()).toBeGreaterThan(1_000);
  const reader = Bun.spawn(['cat', pipe], { stdout: 'pipe' });
  void new Response(reader.stdout).text();
  await gateway.log.flush();
  reader.kill();
});
