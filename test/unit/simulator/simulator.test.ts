import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { chat, exchange, plainOf, post, streamOf } from './raw-client.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());
beforeEach(() => simulator.reset());

function ask(body: unknown, path = '/v1/chat/completions'): Promise<Response> {
  return fetch(simulator.url + path, { method: 'POST', body: JSON.stringify(body) });
}

describe('endpoints', () => {
  test('every endpoint answers under /v1, under no prefix, and under any other', async () => {
    const bodies: Readonly<Record<string, unknown>> = {
      '/chat/completions': chat('m'),
      '/completions': { model: 'm', prompt: 'a' },
      '/embeddings': { model: 'm', input: 'a' },
      '/responses': { model: 'm', input: 'a' },
      '/messages': chat('m'),
      '/audio/speech': { model: 'm', input: 'a' },
      '/images/generations': { model: 'm', prompt: 'a' },
      '/moderations': { input: 'a' },
    };
    for (const prefix of ['/v1', '', '/openai/deployments/x']) {
      for (const [path, body] of Object.entries(bodies)) {
        const response = await ask(body, prefix + path);
        expect([prefix + path, response.status]).toEqual([prefix + path, 200]);
        expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0);
      }
    }
  });

  test('a form with a file is transcribed, and its model selects the fault', async () => {
    const form = (model: string): FormData => {
      const made = new FormData();
      made.set('model', model);
      made.set('file', new File([new Uint8Array(1000)], 'a.wav'));
      return made;
    };
    const url = `${simulator.url}/v1/audio/transcriptions`;
    const good = (await (await fetch(url, { method: 'POST', body: form('whisper') })).json()) as {
      text: string;
    };
    expect(good.text.split(' ')).toHaveLength(20);
    expect((await fetch(url, { method: 'POST', body: form('mock/413') })).status).toBe(413);
    const upload = await fetch(`${simulator.url}/v1/files`, { method: 'POST', body: form('x') });
    expect(await upload.json()).toMatchObject({ object: 'file', bytes: 1000, filename: 'a.wav' });
  });

  test('models are listed and found, including ids with slashes', async () => {
    const list = (await (await fetch(`${simulator.url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(list.data.map(({ id }) => id)).toContain('mock/cut-rst');
    expect((await fetch(`${simulator.url}/models/mock/ok`)).status).toBe(200);
    expect((await fetch(`${simulator.url}/models/none`)).status).toBe(404);
  });

  test('an unknown path is 404, a wrong method 405, broken JSON 400, an unknown fault 404', async () => {
    const status = async (response: Promise<Response>): Promise<unknown> => {
      const answer = await response;
      const { error } = (await answer.json()) as { error: { code: string } };
      return [answer.status, error.code];
    };
    expect(await status(ask({}, '/v1/nothing'))).toEqual([404, 'unknown_url']);
    expect(await status(fetch(`${simulator.url}/v1/chat/completions`))).toEqual([
      405,
      'method_not_supported',
    ]);
    const broken = fetch(`${simulator.url}/v1/embeddings`, { method: 'POST', body: '{"a":' });
    expect(await status(broken)).toEqual([400, null]);
    expect(await status(ask(chat('mock/nope')))).toEqual([404, 'model_not_found']);
    expect(await status(ask(chat('mock/cut-rst?aftr=3')))).toEqual([400, null]);
    expect(await status(ask(chat('mock/cut-rst?after=x')))).toEqual([400, null]);
  });

  test('any key but the configured one gets 401', async () => {
    const locked = await startSimulator({ apiKey: 'sk-mock' });
    const ask = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${locked.url}/v1/models`, { headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: 'Bearer sk-other' })).status).toBe(401);
    expect((await ask({ authorization: 'Bearer sk-mock' })).status).toBe(200);
    expect((await ask({ 'x-api-key': 'sk-mock' })).status).toBe(200);
    await locked.stop();
  });
});

describe('determinism', () => {
  test('the same seed and request give the same bytes, another seed different ones', async () => {
    const same = await startSimulator();
    const other = await startSimulator({ seed: 7 });
    const answers = await Promise.all(
      [simulator, same, other].map(({ port }) => exchange(port, streamOf('gpt'), 150)),
    );
    expect(answers[0]?.text).toEqual(answers[1]?.text as string);
    expect(answers[0]?.text).not.toEqual(answers[2]?.text as string);
    await Promise.all([same.stop(), other.stop()]);
  });
});

describe('connections', () => {
  test('one connection carries many requests, and each is recorded with its number', async () => {
    const answer = await exchange(
      simulator.port,
      Buffer.concat([plainOf('a'), plainOf('mock/500'), streamOf('b')]),
      150,
    );
    expect(answer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 500', 'HTTP/1.1 200']);
    expect(answer.ending).toBe('open');
    expect(new Set(simulator.attempts.map(({ connection }) => connection)).size).toBe(1);
    expect(simulator.attempts.map(({ fault, status }) => [fault, status])).toEqual([
      ['ok', 200],
      ['500', 500],
      ['ok', 200],
    ]);
  });

  test('Connection: close is honoured, and HTTP/1.0 gets no chunks', async () => {
    const closing = await exchange(
      simulator.port,
      post('/v1/embeddings', { input: 'a' }, { connection: 'close' }),
    );
    expect(closing.ending).toBe('fin');
    const old = streamOf('a').toString().replace('HTTP/1.1', 'HTTP/1.0');
    const answer = await exchange(simulator.port, old);
    expect(answer.ending).toBe('fin');
    expect(answer.text).not.toContain('Transfer-Encoding');
    expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test('Expect: 100-continue is answered before the body arrives', async () => {
    const [head, body] = splitHead(post('/v1/embeddings', { input: 'a' }, { expect: '100-continue' }));
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(simulator.port, '127.0.0.1', () => socket.write(head));
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(body);
        else if (text.endsWith('}')) {
          socket.destroy();
          resolve(text);
        }
      });
    });
    expect(answer).toContain('HTTP/1.1 200 OK');
  });

  test('a body arrives unchanged, with a length or in chunks', async () => {
    const bytes = new Uint8Array(5_000_000).map((_, index) => (index * 31) % 251);
    await fetch(`${simulator.url}/v1/files`, { method: 'POST', body: bytes });
    const stream = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 99_999) controller.enqueue(bytes.subarray(at, at + 99_999));
        controller.close();
      },
    });
    await fetch(`${simulator.url}/v1/files`, { method: 'POST', body: stream });
    const [plain, chunked] = simulator.attempts;
    expect(Buffer.compare(plain!.body, bytes)).toBe(0);
    expect(plain!.headers['content-length']).toBe('5000000');
    expect(Buffer.compare(chunked!.body, bytes)).toBe(0);
    expect(chunked!.headers['transfer-encoding']).toBe('chunked');
  });

  test('a thousand connections stay open at once', async () => {
    const busy = await startSimulator();
    const clients = Array.from({ length: 1000 }, () => connect(busy.port, '127.0.0.1'));
    for (const client of clients) client.write(streamOf('mock/stall?after=1'));
    await busy.waitForAttempts(1000);
    expect(busy.openConnections()).toBe(1000);
    for (const client of clients) client.destroy();
    while (busy.openConnections() > 0) await Bun.sleep(10);
    expect(busy.attempts.filter(({ closedByPeerAt }) => closedByPeerAt === undefined)).toHaveLength(0);
    await busy.stop();
  });
});

describe('attempts', () => {
  test('a peer that closes is recorded, one that stays is not', async () => {
    const leaving = new AbortController();
    const init = { method: 'POST', body: JSON.stringify(chat('mock/silence')), signal: leaving.signal };
    const gone = fetch(`${simulator.url}/v1/chat/completions`, init).catch(() => 'gone');
    await simulator.waitForAttempts(1);
    expect(simulator.attempts[0]?.endedAt).toBeUndefined();
    const leftAt = Date.now();
    leaving.abort();
    expect(await gone).toBe('gone');
    while (simulator.attempts[0]?.endedAt === undefined) await Bun.sleep(5);
    expect(simulator.attempts[0].closedByPeerAt).toBeGreaterThanOrEqual(leftAt - 1);
    await (await ask(chat('ok'))).text();
    expect(simulator.attempts[1]?.endedAt).toBeNumber();
    expect(simulator.attempts[1]?.closedByPeerAt).toBeUndefined();
  });

  test('an endless stream ends when its reader leaves', async () => {
    const response = await ask(chat('mock/endless?pace=0', { stream: true }));
    await response.body?.getReader().read();
    await response.body?.cancel().catch(() => undefined);
    const answer = await exchange(simulator.port, streamOf('mock/endless?pace=0'), 200);
    expect(answer.bytes.length).toBeGreaterThan(100_000);
    while (simulator.attempts[1]?.closedByPeerAt === undefined) await Bun.sleep(5);
  });

  test('header names and values are kept verbatim', async () => {
    await exchange(
      simulator.port,
      post('/v1/embeddings', { input: 'a' }, { 'X-ODD-Case': 'A  b', connection: 'close' }),
    );
    const [attempt] = simulator.attempts;
    expect(attempt?.headers['x-odd-case']).toBe('A  b');
    expect(attempt?.rawHeaders).toContainEqual(['X-ODD-Case', 'A  b']);
  });

  test('are listed and reset over HTTP, and waited for', async () => {
    await expect(simulator.waitForAttempts(1, 20)).rejects.toThrow('0 of 1 attempts');
    await ask(chat('mock/500?times=1'));
    const listed = (await (await fetch(`${simulator.url}/mock/attempts`)).json()) as { attempts: object[] };
    expect(listed.attempts).toMatchObject([{ model: 'mock/500?times=1', fault: '500', method: 'POST' }]);
    expect(listed.attempts[0]).not.toHaveProperty('body');
    await fetch(`${simulator.url}/mock/attempts`, { method: 'DELETE' });
    expect(simulator.attempts).toHaveLength(0);
    expect((await ask(chat('mock/500?times=1'))).status).toBe(500);
  });

  test('are not kept when recording is off', async () => {
    const quiet = await startSimulator({ record: false });
    expect((await fetch(`${quiet.url}/v1/models`)).status).toBe(200);
    expect(quiet.attempts).toHaveLength(0);
    await quiet.stop();
  });

  test('stopping ends every connection and frees the port', async () => {
    const first = await startSimulator();
    const open = exchange(first.port, streamOf('mock/silence'), 5000);
    await first.waitForAttempts(1);
    await expect(startSimulator({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.stop();
    expect((await open).ending).toBe('rst');
    const second = await startSimulator({ port: first.port });
    await second.stop();
  });
});

function splitHead(request: Buffer): [head: Buffer, body: Buffer] {
  const at = request.indexOf('\r\n\r\n') + 4;
  return [request.subarray(0, at), request.subarray(at)];
}
