import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { chat } from './gateway.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- tests look where they like
type Any = any;

const KEY = 'sk-details-0123456789';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

for (const workers of [1, 2]) {
  describe(`the details of a request, with ${workers} process(es)`, () => {
    let simulator: Simulator;
    let gateway: DatabaseGateway;
    let folder: string;

    beforeAll(async () => {
      simulator = await startSimulator({});
      folder = await mkdtemp(join(tmpdir(), 'request-details-'));
      // Nobody receives the spans.
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
      const args = ['--workers', String(workers)];
      gateway = await startDatabaseGateway({ dbUrl: 'sqlite::memory:', folder, args, env });
      for (const id of ['p', 'q'])
        await gateway.admin('POST', '/providers', { id, api_base: `${simulator.url}/v1`, free: true });
      const routes = [
        { provider: 'p', model: 'mock/500' },
        { provider: 'q', model: 'mock/ok', priority: 2 },
      ];
      await gateway.admin('POST', '/models', { id: 'shaky', routes });
      await gateway.admin('PUT', '/settings/fallback', { value: { cooldown_seconds: 300 } });
      await gateway.admin('POST', '/master-keys', { id: 'k', key: KEY });
      const settings = { separate_files: true, request_dir: join(folder, 'requests'), mask_sensitive: false };
      await gateway.admin('PUT', '/settings/logging', { value: settings });
      await gateway.admin('PUT', '/settings/console', {
        value: { trace_url: 'https://traces.example/t/{trace_id}' },
      });
    });
    afterAll(async () => {
      gateway.program.kill();
      expect(await gateway.program.exited).toBe(0);
      await simulator.stop();
      await rm(folder, { recursive: true });
    });

    async function asked(headers: Record<string, string> = {}, secret = KEY): Promise<string> {
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}`, ...headers },
        body: JSON.stringify(chat('shaky')),
      });
      await response.text();
      return response.headers.get('x-llm-proxy-request-id') ?? '';
    }

    /** Reads from the Admin API, and tries again while a record or a file is not written yet. */
    async function read(path: string, authorization = `Bearer ${ADMIN_KEY}`): Promise<Any> {
      for (let tries = 0; ; tries++) {
        const response = await fetch(`${gateway.url}/admin/v1${path}`, { headers: { authorization } });
        if (response.status !== 404 || tries === 200)
          return { status: response.status, ...((await response.json()) as object) };
        await Bun.sleep(50);
      }
    }

    test('name the routes that were skipped, the trace, and header fields without a credential', async () => {
      const before = await read(`/requests/${await asked()}`);
      expect([before.skipped, before.attempts]).toEqual([[], 2]);
      const id = await asked({
        'user-agent': 'Agent/1',
        'x-title': `with ${KEY}`,
        traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
      });
      const { skipped, attempts_detail: attempts, ...detail } = await read(`/requests/${id}`);
      expect(skipped).toEqual([
        {
          provider: 'p',
          model: 'mock/500',
          for_model: 'shaky',
          why: 'cooling',
          for_ms: expect.any(Number),
          before_attempt: 1,
        },
      ]);
      expect(skipped[0].for_ms).toBeWithin(200_000, 300_001);
      expect(attempts).toHaveLength(1);
      expect(detail.admitted_ms).toBeWithin(0, attempts[0].start_ms + 1);
      expect([detail.trace_id, detail.trace_url]).toEqual([TRACE, `https://traces.example/t/${TRACE}`]);
      const fields = Object.fromEntries(detail.request_headers);
      expect([fields['user-agent'], fields['x-title']]).toEqual(['Agent/1', '****']);
      expect(Object.fromEntries(detail.answer_headers)['content-type']).toContain('application/json');
      expect(JSON.stringify(detail)).not.toContain(KEY);
    });

    test('have the recorded bodies for an admin alone, with masked secrets', async () => {
      const id = await asked({ 'x-api-key': 'sk-another-0123456789' });
      const recorded = await read(`/requests/${id}/recorded`);
      expect(recorded.request.title).toBe('POST /v1/chat/completions');
      expect(JSON.parse(recorded.request.body)).toEqual(chat('shaky'));
      expect(JSON.parse(recorded.answer.body).choices).toHaveLength(1);
      expect(recorded.answer.title).toBe('200 (complete)');
      expect(recorded.request.headers).toContain('authorization: Bearer sk-de****6789');
      for (const secret of [KEY, 'sk-another-0123456789'])
        expect(JSON.stringify(recorded)).not.toContain(secret);
      const { secret } = await gateway.admin('POST', '/accounts', { name: 'op', role: 'operator' });
      const refused = await read(`/requests/${id}/recorded`, `Bearer ${String(secret)}`);
      expect([refused.status, refused.error.code]).toEqual([403, 'not_allowed']);
      const { is_recording: isRecording } = await read(`/requests/${id}`);
      expect(isRecording).toBe(true);
    });

    test('of a request that the gateway refused have no attempts, and still its headers', async () => {
      const id = await asked({ 'user-agent': 'Agent/2' }, 'sk-unknown-0123456789');
      const detail = await read(`/requests/${id}`);
      expect([detail.attempts_detail, detail.skipped, detail.admitted_ms]).toEqual([[], [], null]);
      expect(Object.fromEntries(detail.request_headers)['user-agent']).toBe('Agent/2');
    });
  });
}
