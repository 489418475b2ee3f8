import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodedEcho, type EchoGateway, startEchoGateway } from '../acceptance/front/echo-gateway.ts';
import { ODDITIES } from '../acceptance/front/oddities.ts';
import {
  formOf,
  HIDDEN_FORMS,
  hiddenForm,
  KEY,
  oddForm,
  type RequestForm,
} from '../acceptance/front/request-forms.ts';
import { connectTo, type SeenAnswer } from '../acceptance/front/wire.ts';
import { seededDice } from '../simulation/seeded-dice.ts';

/** A proxy in front of the gateway that keeps its connections to it, over which requests of several clients go. */
interface Proxy {
  readonly name: string;
  readonly program: string | null;
  readonly command: (file: string, folder: string) => readonly string[];
  readonly config: (place: { port: number; gateway: number; folder: string }) => string;
}

const SEARCHED = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };
const nginxProgram = Bun.which('nginx', SEARCHED);
const haproxyProgram = Bun.which('haproxy', SEARCHED);
if (nginxProgram === null) console.warn('nginx was not found: the gateway is not tested behind it');
if (haproxyProgram === null) console.warn('HAProxy was not found: the gateway is not tested behind it');

const nginx: Proxy = {
  name: 'nginx',
  program: nginxProgram,
  command: (file, folder) => ['-c', file, '-e', join(folder, 'error.log')],
  config: ({ port, gateway, folder }) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  underscores_in_headers on;
  ignore_invalid_headers off;
  upstream gateway { server 127.0.0.1:${gateway}; keepalive 1; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }
}`,
};

const haproxy: Proxy = {
  name: 'HAProxy',
  program: haproxyProgram,
  command: (file) => ['-db', '-f', file],
  config: ({ port, gateway }) => `
global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  http-reuse always
  option accept-invalid-http-request
frontend clients
  bind 127.0.0.1:${port}
  default_backend gateway
backend gateway
  server only 127.0.0.1:${gateway} pool-max-conn 1
`,
};

let gateway: EchoGateway;

beforeAll(() => {
  gateway = startEchoGateway('lean');
});
afterAll(() => gateway.stop());

describe.each([nginx, haproxy].map((proxy) => [proxy.name, proxy] as const))('behind %s', (_, proxy) => {
  let folder: string;
  let child: ReturnType<typeof Bun.spawn>;
  let port: number;

  beforeAll(async () => {
    if (proxy.program === null) return;
    folder = await mkdtemp(join(tmpdir(), 'llm-proxy-front-'));
    port = freePort();
    const file = join(folder, 'proxy.conf');
    await Bun.write(file, proxy.config({ port, gateway: gateway.port, folder }));
    child = Bun.spawn([proxy.program, ...proxy.command(file, folder)], {
      stdout: 'ignore',
      stderr: Bun.file(join(folder, 'output')),
    });
    for (let left = 1_000; left > 0 && (await victim(port, 0)) === undefined; left--) await Bun.sleep(50);
  });
  afterAll(async () => {
    if (proxy.program === null) return;
    child.kill();
    await child.exited;
    await rm(folder, { recursive: true });
  });

  test.skipIf(proxy.program === null)(
    'no odd request changes what the next client gets',
    async () => {
      const crossed: string[] = [];
      let served = 0;
      for (const [at, form] of forms().entries()) {
        await attack(port, form);
        const echo = await victim(port, at);
        if (echo !== undefined && !echo.includes(`victim-${at}-`)) crossed.push(`${form.id}: ${echo}`);
        if (echo !== undefined) served += 1;
      }
      expect(crossed).toEqual([]);
      // A proxy answers 502 where the gateway has just closed the connection that it takes.
      expect(served).toBeGreaterThan(forms().length * 0.8);
    },
    process.env['HIDDEN'] === 'all' ? 1_800_000 : 180_000,
  );
});

/** Each oddity alone, and some of the generated connections and hidden codings. */
function forms(): readonly RequestForm[] {
  const alone = ODDITIES.map((_, at) => oddForm(10_000 + at, at));
  const generated = Array.from({ length: 100 }, (_, at) => formOf(20_000 + at, seededDice(at)));
  const step = process.env['HIDDEN'] === 'all' ? 1 : 67;
  const hidden = Array.from({ length: Math.ceil(HIDDEN_FORMS / step) }, (_, at) =>
    hiddenForm(30_000 + at, at * step),
  );
  return [...alone, ...generated, ...hidden];
}

async function attack(port: number, { bytes }: RequestForm): Promise<void> {
  await exchange(port, bytes, 20);
}

/** The echo of a plain request of another client; undefined if the provider did not get it. */
async function victim(port: number, at: number): Promise<string | undefined> {
  const body = JSON.stringify({ model: 'm', user: `victim-${at}-` });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: ${body.length}\r\n\r\n`;
  const [first] = await exchange(port, Buffer.from(head + body), 5_000);
  return first?.echo === undefined ? undefined : decodedEcho(first.echo);
}

/** Sends bytes and waits for an answer, for this long. */
async function exchange(port: number, bytes: Buffer, patienceMs: number): Promise<readonly SeenAnswer[]> {
  const wire = await connectTo(port).catch(() => undefined);
  if (wire === undefined) return [];
  wire.write(bytes);
  for (let left = patienceMs; left > 0 && wire.answers().length === 0 && !wire.isClosed(); left -= 2)
    await Bun.sleep(2);
  const answers = wire.answers();
  wire.end();
  return answers;
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
