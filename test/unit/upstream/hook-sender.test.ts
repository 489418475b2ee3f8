import { afterEach, describe, expect, test } from 'bun:test';
import { isForbiddenHost } from '../../../src/lib/outgoing-address.ts';
import { createHookSender } from '../../../src/upstream/hook-sender.ts';

const servers: Bun.Server<undefined>[] = [];
let asked = 0;

function serve(answer: () => Response | Promise<Response>): string {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => {
      asked += 1;
      return answer();
    },
  });
  servers.push(server);
  return `http://127.0.0.1:${server.port}/hook?token=1`;
}

afterEach(async () => {
  asked = 0;
  await Promise.all(servers.splice(0).map((server) => server.stop(true)));
});

const message = (url: string) => ({ url, body: '{"id":"al_1"}', headers: {} });
const allows = (address: string): boolean => !isForbiddenHost(address);

describe('a message for a webhook', () => {
  test('is posted as JSON, and only the status of the answer is kept', async () => {
    const received: string[] = [];
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: async (request) => {
        const { pathname, search } = new URL(request.url);
        const type = request.headers.get('content-type');
        received.push(`${request.method} ${pathname}${search} ${type} ${await request.text()}`);
        return new Response('a secret of the hook', { status: 202 });
      },
    });
    servers.push(server);
    const send = createHookSender();
    expect(await send(message(`http://127.0.0.1:${server.port}/hook?token=1`))).toBe(202);
    expect(received).toEqual(['POST /hook?token=1 application/json {"id":"al_1"}']);
  });

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://metadata.google.internal/',
    'http://[fd00:ec2::254]/',
    'http://[::ffff:169.254.169.254]/',
    'http://2852039166/',
  ])('never goes to %s', async (url) => {
    expect(await createHookSender()(message(url))).toBe('forbidden');
  });

  test('never goes to a name that resolves to a metadata address, not even beside a good one', async () => {
    const url = serve(() => new Response()).replace('127.0.0.1', 'hooks.test');
    const send = createHookSender({ resolve: async () => ['127.0.0.1', '169.254.169.254'], allows });
    expect(await send(message(url))).toBe('forbidden');
    expect(asked).toBe(0);
  });

  test('is checked before each try, since a name may resolve otherwise by then', async () => {
    const url = serve(() => new Response()).replace('127.0.0.1', 'hooks.test');
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    const send = createHookSender({ resolve: async () => answers.shift() ?? [], allows });
    expect(await send(message(url))).toBe(200);
    expect(await send(message(url))).toBe('forbidden');
    expect(await send(message(url))).toBe('unreachable');
    expect(asked).toBe(1);
  });

  test('follows no redirect', async () => {
    const elsewhere = serve(() => new Response());
    const url = serve(() => new Response(null, { status: 307, headers: { location: elsewhere } }));
    expect(await createHookSender()(message(url))).toBe(307);
    expect(asked).toBe(1);
  });

  test('waits for an answer only so long, and so does the resolution of a name', async () => {
    const url = serve(() => new Promise<Response>(() => undefined));
    expect(await createHookSender(undefined, 50)(message(url))).toBe('timeout');
    const never = { resolve: () => new Promise<string[]>(() => undefined), allows };
    expect(await createHookSender(never, 50)(message('http://hooks.test/'))).toBe('timeout');
  });

  test('is unreachable where nobody listens', async () => {
    const url = serve(() => new Response());
    await Promise.all(servers.splice(0).map((server) => server.stop(true)));
    expect(await createHookSender()(message(url))).toBe('unreachable');
  });
});
