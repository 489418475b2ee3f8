import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { LoggingSettings } from '../../../src/config/snapshot.ts';
import type { RequestEnded, RequestReceived } from '../../../src/gateway/events.ts';
import { hundredthsText, thousandthsText } from '../../../src/lib/decimal-text.ts';
import { dollarsOf } from '../../../src/prices/cost.ts';
import type { Usage } from '../../../src/protocols/protocol.ts';
import { LineBytes } from '../../../src/telemetry/log/line-bytes.ts';
import { LineTexts } from '../../../src/telemetry/log/line-texts.ts';
import { logEntries, metricsEntry } from '../../../src/telemetry/log/log-entry.ts';
import { createLog, renderLine } from '../../../src/telemetry/log/log.ts';
import { snapshotOf } from '../config/configuration.ts';
import { intoList } from './line-list.ts';
import { ANSWERED, attempt, failed, route } from '../routing/world.ts';

const NOW = new Date(1_760_000_000_123);
const ROUTE = route('a', { id: 'a/m' });

function ended(more: Partial<RequestEnded> = {}, took = 12.3456): RequestEnded {
  return {
    type: 'request-ended',
    requestId: 'req_111111111111',
    ending: 'complete',
    method: 'POST',
    endpoint: '/v1/chat/completions',
    model: 'fast "one"',
    provider: 'a',
    keyName: 'team a',
    status: 200,
    code: undefined,
    history: [attempt(ROUTE, ANSWERED, { startedAtMs: 1_000.5, endedAtMs: 1_000.5 + took })],
    usage: { inputTokens: 7, outputTokens: 20, totalTokens: 27 },
    isUsageEstimated: false,
    cost: { nano: 1_234_500, basis: 'provider', priceRef: undefined, priceSheet: undefined },
    isStreamed: false,
    overheadMs: 0.126,
    startedAtMs: 1_000,
    firstByteAtMs: 1_000.004 + took,
    endedAtMs: 1_001 + took,
    ...more,
  } as RequestEnded;
}

function usage(...[inputTokens, outputTokens, totalTokens]: (number | undefined)[]): Usage {
  return { inputTokens, outputTokens, totalTokens, cachedTokens: undefined, reasoningTokens: undefined };
}

/** Requests that resemble each other, so that the lines of one could be taken for those of another. */
const EVENTS: readonly RequestEnded[] = [
  ended(),
  ended({ requestId: 'req_2' }, 0),
  ended({ overheadMs: 0, endedAtMs: 1_000 }, 111_111.111),
  ended({ keyName: 'other' }),
  ended({ keyName: undefined }),
  ended({ model: 'another' }),
  ended({ status: 201, method: 'PUT', endpoint: '/v1/*' }),
  ended({ usage: undefined, cost: undefined }),
  ended({ usage: usage(555_555, 1, 2) }),
  ended({ usage: usage(3, undefined, undefined) }),
  ended({ isUsageEstimated: true }),
  ended({ cache: 'hit', cost: { nano: 0, savedNano: 5 } as RequestEnded['cost'] }),
  ended({ firstByteAtMs: undefined }),
  ended({ overheadMs: undefined }),
  ended({ ending: 'failed', status: 502, code: 'upstream_invalid' }),
  ended({ ending: 'client-left', status: 499 }),
  ended({ history: [attempt(ROUTE, failed(500)), attempt(ROUTE, ANSWERED)] }),
  ended({ history: [attempt(ROUTE, ANSWERED, { isResent: true })] }),
  ended({ history: [attempt(ROUTE, ANSWERED, { reason: 'last-resort' })] }),
  ended({ history: [attempt(route('b', { id: 'b/222222', upstreamModel: '222222' }), ANSWERED)] }),
  ended({ keyName: 'key-333333.333', history: [attempt(ROUTE, ANSWERED)] }),
  ended({ translation: { from: 'x', to: 'y', losses: [], count: 0 } }),
  ended({ clientAddress: () => '203.0.113.9' }),
];

function settings(more: Partial<LoggingSettings>): LoggingSettings {
  const { logging } = snapshotOf(
    'providers: [{ name: a, api_base: "http://127.0.0.1" }]\nallow_unauthenticated: true',
  );
  return { ...logging, format: 'json', ...more };
}

for (const language of ['en', 'zh'] as const) {
  for (const enableMetrics of [true, false]) {
    test(`lines that are joined from pieces are those that are rendered: ${language}, metrics ${enableMetrics}`, () => {
      const current = settings({ language, enableMetrics });
      const lines: string[] = [];
      const log = createLog({
        settings: () => current,
        sink: intoList(lines),
        epochMs: () => NOW.getTime(),
      });
      const context = { now: NOW, texts: new LineTexts((text) => text) };
      // Each often enough to be cut, then all in turn and backwards, so that every one follows others.
      const often = EVENTS.flatMap((event) => Array.from({ length: 40 }, () => event));
      for (const event of [...often, ...EVENTS, ...often.toReversed(), ...EVENTS.toReversed()]) {
        lines.length = 0;
        log.listen(event);
        const entries = logEntries(event);
        if (enableMetrics) entries.push(metricsEntry(event));
        expect(lines).toEqual(entries.map((entry) => renderLine(entry, current, context)));
      }
    });
  }
}

test('the lines of admitted requests are told apart by model, key and client', () => {
  const lines: string[] = [];
  const log = createLog({
    settings: () => settings({}),
    sink: intoList(lines),
    epochMs: () => NOW.getTime(),
  });
  const context = { now: NOW, texts: new LineTexts((text) => text) };
  const names = ['', 'a', 'aa', 'a b', 'b "c"'];
  const events = names.flatMap((model) =>
    [...names, undefined].flatMap((keyName) =>
      names.map((client): RequestReceived => {
        const [requestId, body] = [`req_${model.length}`, new Uint8Array()];
        return { type: 'request-received', requestId, model, keyName, clientAddress: () => client, body };
      }),
    ),
  );
  for (const event of [...events, ...events.toReversed()]) {
    lines.length = 0;
    log.listen(event);
    expect(lines).toEqual(logEntries(event).map((entry) => renderLine(entry, settings({}), context)));
  }
});

test('pieces follow the language, the redaction and the level of the moment', () => {
  let current = settings({});
  let redact = (text: string): string => text;
  const lines: string[] = [];
  const log = createLog({
    settings: () => current,
    sink: intoList(lines),
    redactor: () => redact,
  });
  /** Returns the last of many lines. */
  const written = (): Record<string, string> | undefined => {
    lines.length = 0;
    for (let request = 0; request < 40; request++) log.listen(ended());
    return lines.map((line) => JSON.parse(line) as Record<string, string>).at(-1);
  };
  const first = written();
  redact = (text) => text.replaceAll('team a', '****');
  const second = written();
  current = settings({ language: 'zh' });
  const third = written();
  current = settings({ level: 'warn' });
  expect([first?.['key'], second?.['key'], third?.['key']]).toEqual(['team a', '****', '****']);
  expect(third?.['message']).toStartWith('请求成功');
  expect(written()).toBeUndefined();
});

test('numbers become the same bytes as text', () => {
  const line = new LineBytes();
  const buffer = Buffer.alloc(1024);
  const bytesOf = (add: (line: LineBytes) => LineBytes): string => {
    line.place(buffer, 3).begin(NOW.getTime(), 'req_1');
    const head = line.length;
    return String(add(line)).slice(head);
  };
  const number = fc.oneof(
    fc.constantFrom(0, 0.0004, 0.9996, 9.995, 99.9999, 1e12),
    fc.double({ min: 0, max: 1e9, noNaN: true }),
  );
  fc.assert(
    fc.property(number, fc.nat(2 ** 31 - 1), (value, nano) => {
      expect(bytesOf((line) => line.whole(value))).toBe(String(Math.round(value)));
      expect(bytesOf((line) => line.hundredths(value))).toBe(hundredthsText(value));
      expect(bytesOf((line) => line.thousandths(value))).toBe(thousandthsText(value));
      expect(bytesOf((line) => line.dollars(nano * 1_000))).toBe(dollarsOf(nano * 1_000));
    }),
  );
});
