import { describe, expect, test } from 'bun:test';
import type { LoggingSettings } from '../../../src/config/snapshot.ts';
import type { GatewayEvent, RequestEnded } from '../../../src/gateway/events.ts';
import { createLog, type Log } from '../../../src/telemetry/log/log.ts';
import { snapshotOf } from '../config/configuration.ts';
import { intoList } from './line-list.ts';
import { ANSWERED, attempt, failed, route } from '../routing/world.ts';

function settings(more: Partial<LoggingSettings> = {}): LoggingSettings {
  return {
    ...snapshotOf('providers: [{ name: a, api_base: "http://127.0.0.1" }]\nallow_unauthenticated: true')
      .logging,
    ...more,
  };
}

/** The lines that a log writes, unparsed. */
function written(more: Partial<LoggingSettings>, use: (log: Log) => void): string[] {
  const lines: string[] = [];
  use(createLog({ settings: () => settings(more), sink: intoList(lines) }));
  return lines;
}

const OPENS = /^\[\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\] /;

/** Lines without their time and their line end. */
function texts(more: Partial<LoggingSettings>, use: (log: Log) => void): string[] {
  return written(more, use).map((line) => {
    expect(line).toMatch(OPENS);
    expect(line).toEndWith('\n');
    return line.replace(OPENS, '').slice(0, -1);
  });
}

const RECEIVED: Extract<GatewayEvent, { type: 'request-received' }> = {
  type: 'request-received',
  requestId: 'req_abc123',
  model: 'anthropic/claude-opus-4-5',
  keyName: undefined,
  clientAddress: () => '127.0.0.1',
  body: new Uint8Array(),
};

const a = route('a', { id: 'a/m' });
const b = route('b', { id: 'b/m' });

function ended(more: Partial<RequestEnded> = {}): RequestEnded {
  return {
    type: 'request-ended',
    requestId: 'req_abc123',
    ending: 'complete',
    method: 'POST',
    endpoint: '/v1/chat/completions',
    model: 'm',
    provider: 'provider-a',
    keyName: 'default',
    status: 200,
    code: undefined,
    history: [attempt(a, failed(500)), attempt(b, ANSWERED)],
    usage: undefined,
    startedAtMs: 1_000.2,
    firstByteAtMs: 1_100,
    endedAtMs: 2_234.4,
    ...more,
  } as RequestEnded;
}

const ALL_EVENTS: readonly GatewayEvent[] = [
  RECEIVED,
  { type: 'attempt-ended', requestId: 'r', number: 1, attempt: attempt(a, failed(500)) },
  { type: 'attempt-ended', requestId: 'r', number: 2, attempt: attempt(a, ANSWERED) },
  { type: 'route-cooled', requestId: 'r', routeId: 'a/m', provider: 'a', forMs: 30_000 },
  ended(),
  ended({ ending: 'failed', status: 502 }),
  ended({ ending: 'truncated' }),
  ended({ ending: 'client-left', status: 499 }),
  ended({
    ending: 'refused',
    status: 401,
    code: 'invalid_api_key',
    keyName: undefined,
    clientAddress: () => '203.0.113.9',
    history: [],
  }),
  ended({ ending: 'failed', status: 404, history: [attempt(a, { kind: 'rejected', status: 404 })] }),
  { type: 'configuration-accepted', version: 2, warnings: ['something odd'] },
  { type: 'configuration-refused', problems: ['config.yaml:3:1: bad', 'config.yaml:4:1: worse'] },
  { type: 'bug', requestId: 'r', error: 'boom' },
];

const listenToAll = (log: Log): void => ALL_EVENTS.forEach(log.listen);

describe('the Chinese lines are word for word those of the documentation:', () => {
  const lines = texts({ language: 'zh' }, (log) => {
    log.say('info', 'started', { address: ':8080' });
    log.say('info', 'loaded', { providers: 4, models: 13, keys: 1 });
    log.listen(RECEIVED);
    log.listen(ended());
  });
  const expected = [
    ['the start', '[INFO] LLM Proxy 启动，监听地址: :8080'],
    ['what was loaded', '[INFO] 已加载 4 个后端，13 个模型别名'],
    ['a request', '[INFO] [req_abc123] 收到请求: 模型=anthropic/claude-opus-4-5 客户端=127.0.0.1'],
    ['its success', '[INFO] [req_abc123] 请求成功: 后端=provider-a 状态=200 耗时=1234ms'],
  ] as const;
  for (const [index, [what, line]] of expected.entries()) test(what, () => expect(lines[index]).toBe(line));
});

test('the English lines say the same', () => {
  const lines = texts({ language: 'en', level: 'debug' }, listenToAll);
  expect(lines).toEqual([
    '[INFO] [req_abc123] Request received: model=anthropic/claude-opus-4-5 client=127.0.0.1',
    '[WARN] [r] Attempt 1 failed: a/m failed 500 duration=10ms',
    '[DEBUG] [r] Attempt 2 answered: a/m (first) first byte=10ms',
    '[WARN] [r] Cooling down: a/m for 30s',
    '[INFO] [req_abc123] Request succeeded: provider=provider-a status=200 duration=1234ms',
    '[INFO] [req_abc123] Attempts: a/m failed 500, b/m answered',
    '[ERROR] [req_abc123] Request failed: provider=provider-a status=502 duration=1234ms key=default attempts=a/m failed 500, b/m answered',
    '[WARN] [req_abc123] Stream truncated: provider=provider-a duration=1234ms key=default attempts=a/m failed 500, b/m answered',
    '[INFO] [req_abc123] Client disconnected: provider=provider-a duration=1234ms key=default attempts=a/m failed 500, b/m answered',
    '[WARN] [req_abc123] Request refused: invalid_api_key status=401 path=/v1/chat/completions client=203.0.113.9',
    '[INFO] [req_abc123] Request rejected by the provider: provider=provider-a status=404 duration=1234ms key=default attempts=a/m rejected 404',
    '[INFO] Configuration reloaded (version 2)',
    '[WARN] something odd',
    '[ERROR] The changed configuration was refused, the old one stays in force: config.yaml:3:1: bad',
    '[ERROR] The changed configuration was refused, the old one stays in force: config.yaml:4:1: worse',
    '[ERROR] [r] Internal error: boom',
  ]);
});

test('a line names the key that was used, in both languages', () => {
  const line = (language: 'en' | 'zh'): string[] =>
    texts({ language }, (log) => log.listen({ ...RECEIVED, keyName: 'team a' }));
  expect(line('en')[0]).toEndWith(' client=127.0.0.1 key=team a');
  expect(line('zh')[0]).toEndWith(' 客户端=127.0.0.1 密钥=team a');
});

test('both languages have a line for everything, with no blank left open', () => {
  const en = texts({ language: 'en', level: 'debug' }, listenToAll);
  const zh = texts({ language: 'zh', level: 'debug' }, listenToAll);
  expect(zh).toHaveLength(en.length);
  for (const line of [...en, ...zh]) expect(line).not.toMatch(/[{}]|undefined|NaN/);
  for (const [index, line] of zh.entries()) {
    if (!line.endsWith('something odd')) expect(line).not.toBe(en[index] ?? '');
  }
});

describe('the level', () => {
  for (const [level, shown] of [
    ['debug', ['DEBUG', 'INFO', 'WARN', 'ERROR']],
    ['info', ['INFO', 'WARN', 'ERROR']],
    ['warn', ['WARN', 'ERROR']],
    ['error', ['ERROR']],
  ] as const) {
    test(`${level} shows ${shown.join(', ')}`, () => {
      const levels = texts({ level }, listenToAll).map((line) => /^\[(\w+)\]/.exec(line)?.[1] ?? '?');
      expect([...new Set(levels)].sort()).toEqual([...shown].sort());
    });
  }

  test('and everything else follows the settings of the moment', () => {
    let level: LoggingSettings['level'] = 'error';
    const lines: string[] = [];
    const log = createLog({
      settings: () => settings({ level }),
      sink: intoList(lines),
    });
    log.listen(RECEIVED);
    level = 'info';
    log.listen(RECEIVED);
    expect(lines).toHaveLength(1);
  });
});

describe('the form for machines', () => {
  const json = (more: Partial<LoggingSettings> = {}): Record<string, unknown>[] =>
    written({ format: 'json', level: 'debug', ...more }, listenToAll).map((line) => {
      expect(line).toMatch(/^[^\n]+\n$/);
      return JSON.parse(line) as Record<string, unknown>;
    });

  test('is one object for each line, with what the line says as fields', () => {
    const [received, first] = json();
    expect(received).toEqual({
      time: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
      level: 'info',
      request_id: 'req_abc123',
      event: 'received',
      message: 'Request received: model=anthropic/claude-opus-4-5 client=127.0.0.1',
      model: 'anthropic/claude-opus-4-5',
      client: '127.0.0.1',
      'client.address': '127.0.0.1',
      'gen_ai.request.model': 'anthropic/claude-opus-4-5',
    });
    expect(first).toMatchObject({
      event: 'attemptFailed',
      number: 1,
      route: 'a/m',
      outcome: 'failed 500',
      duration: 10,
    });
  });

  test('tells of an end in numbers, and of each attempt in fields', () => {
    const usage = { inputTokens: 7, outputTokens: 20, totalTokens: 27 } as RequestEnded['usage'];
    const end = ended({ usage, overheadMs: 5.38 });
    const [line = '', , metrics = ''] = written({ format: 'json', enableMetrics: true }, (log) =>
      log.listen(end),
    );
    const measures = {
      key: 'default',
      'gen_ai.provider.name': 'provider-a',
      'gen_ai.request.model': 'm',
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 20,
      total_tokens: 27,
      duration_ms: 1234.2,
      first_byte_ms: 99.8,
      gateway_ms: 5.38,
    };
    const fields = {
      ...measures,
      'http.request.method': 'POST',
      'http.route': '/v1/chat/completions',
      'http.response.status_code': 200,
      'gen_ai.operation.name': 'chat',
      ending: 'complete',
      attempt_list: [
        { provider: 'a', outcome: 'failed', status: 500, reason: 'first', duration_ms: 10 },
        { provider: 'b', outcome: 'answered', reason: 'first', duration_ms: 10 },
      ],
    };
    const parsed = JSON.parse(line) as Record<string, unknown>;
    expect(parsed).toMatchObject(fields);
    // The existing fields stay.
    expect(parsed).toMatchObject({ provider: 'provider-a', status: 200, duration: 1234, code: '-' });
    expect(parsed['attempts']).toBe('a/m failed 500, b/m answered');
    expect(JSON.parse(metrics)).toMatchObject({ ...measures, gateway: '5.38ms', tokens: '7+20=27' });
  });

  test('says whose mistake an attempt was, and what was wrong', () => {
    const [line = ''] = written({ format: 'json', level: 'debug' }, (log) =>
      log.listen({
        type: 'attempt-ended',
        requestId: 'r',
        number: 1,
        attempt: attempt(a, { kind: 'timed-out', phase: 'connect' }),
      }),
    );
    expect(JSON.parse(line)).toMatchObject({
      attempt: { number: 1, outcome: 'timed-out', detail: 'connect' },
    });
    const [rejected = ''] = written({ format: 'json' }, (log) =>
      log.listen(
        ended({ ending: 'failed', status: 404, history: [attempt(a, { kind: 'rejected', status: 404 })] }),
      ),
    );
    expect(JSON.parse(rejected)).toMatchObject({
      level: 'info',
      event: 'rejected',
      'error.type': '404',
      attempt_list: [{ outcome: 'rejected', status: 404, is_client_fault: true }],
    });
  });

  test('its own fields are never overwritten by what a line tells', () => {
    for (const line of json()) {
      expect(line['level']).toMatch(/^(debug|info|warn|error)$/);
      expect(line['time']).toMatch(/^\d{4}-/);
    }
  });

  test('has the same events in both languages', () => {
    const events = (language: 'en' | 'zh'): unknown[] => json({ language }).map(({ event }) => event);
    expect(events('zh')).toEqual(events('en'));
  });
});

describe('a text is redacted wherever it stands in a line,', () => {
  const secret = 'canary "of a" provider';
  const events = [
    { ...RECEIVED, model: secret, keyName: secret, clientAddress: () => secret },
    { type: 'attempt-ended', requestId: 'r', number: 1, attempt: attempt(route(secret), failed(500)) },
    ended({
      provider: secret,
      model: secret,
      keyName: secret,
      history: [attempt(route(secret, { upstreamModel: secret }), ANSWERED)],
      translation: { from: 'a', to: 'b', losses: [{ what: 'dropped', path: secret, why: secret }], count: 1 },
    }),
    { type: 'bug', requestId: 'r', error: `it broke at ${secret.repeat(100)}` },
  ] satisfies GatewayEvent[];
  for (const format of ['text', 'json'] as const) {
    test(`in ${format}, by the redaction of the moment`, () => {
      let redact = (text: string): string => text;
      const lines: string[] = [];
      const log = createLog({
        settings: () => settings({ format, level: 'debug', enableMetrics: true }),
        sink: intoList(lines),
        redactor: () => redact,
      });
      events.forEach(log.listen);
      expect(lines.filter((line) => /canary \\?"of a/.test(line)).length).toBeGreaterThanOrEqual(4);
      lines.length = 0;
      redact = (text) => text.replaceAll(secret, () => '****');
      events.forEach(log.listen);
      for (const line of lines) expect(line).not.toContain('canary');
      if (format === 'json') for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
    });
  }
});

describe('an entry is one line, whatever a client put into it:', () => {
  const hostile: Readonly<Record<string, string>> = {
    'line ends': 'a\r\n[2026-01-01 00:00:00] [INFO] forged',
    'the escape character of terminals': 'a\u001b[2J\u001b[1;1Hforged',
    NUL: 'a\u0000b',
    'tabs and deletes': 'a\tb\u007fc',
    'the control characters of Latin-1, which terminals and readers of lines obey as well':
      'a\u0085b\u009b2Jc',
    'the line separators of Unicode': 'a\u2028b\u2029c',
    'the characters that reorder a line': 'a\u202eb\u2066c\u2069d',
  };
  for (const [what, model] of Object.entries(hostile)) {
    test(what, () => {
      const [text = '', ...more] = written({}, (log) => log.listen({ ...RECEIVED, model }));
      expect(more).toEqual([]);
      expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      const [json = ''] = written({ format: 'json' }, (log) => log.listen({ ...RECEIVED, model }));
      expect(json.indexOf('\n')).toBe(json.length - 1);
      expect(json).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
      expect((JSON.parse(json) as { model: string }).model).toBe(model);
    });
  }

  test('a bug with its stack', () => {
    const [line = ''] = written({}, (log) =>
      log.listen({ type: 'bug', requestId: 'r', error: new Error('one\ntwo') }),
    );
    expect(line.trimEnd()).not.toContain('\n');
    expect(line).toContain('one two');
  });

  test('a value that looks like a blank of a sentence stays as it is', () => {
    const lines = texts({}, (log) => log.listen({ ...RECEIVED, model: '{client}$&' }));
    expect(lines).toEqual(['[INFO] [req_abc123] Request received: model={client}$& client=127.0.0.1']);
  });
});
