import { expect, test } from 'bun:test';
import { spanJson, traceRequest } from '../../../src/telemetry/traces/trace-json.ts';
import type { FinishedSpan } from '../../../src/telemetry/traces/trace-span.ts';

const CONTEXT = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true, state: undefined };
const PARENT = { ...CONTEXT, spanId: 'c'.repeat(16) };
const SPAN: FinishedSpan = {
  name: 'chat m',
  kind: 'server',
  context: CONTEXT,
  parent: undefined,
  startEpochMs: 1_700_000_000_000.25,
  endEpochMs: 1_700_000_001_000,
  attributes: {},
  error: undefined,
};

function written(span: Partial<FinishedSpan>): unknown {
  const { resourceSpans } = JSON.parse(
    traceRequest([spanJson({ ...SPAN, ...span })], { resource: { 'service.name': 'me' }, version: '1.2' }),
  );
  expect(resourceSpans).toHaveLength(1);
  const [{ resource, scopeSpans }] = resourceSpans;
  expect(resource).toEqual({ attributes: [{ key: 'service.name', value: { stringValue: 'me' } }] });
  expect(scopeSpans).toEqual([{ scope: { name: 'llm-proxy', version: '1.2' }, spans: [expect.anything()] }]);
  return scopeSpans[0].spans[0];
}

test('a span has its place, and its times in nanoseconds as text', () => {
  expect(written({})).toEqual({
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    flags: 0x101,
    name: 'chat m',
    kind: 2,
    startTimeUnixNano: '1700000000000250000',
    endTimeUnixNano: '1700000001000000000',
    attributes: [],
    status: {},
  });
});

test("a request's parent is somebody else's, an attempt's is ours", () => {
  expect(written({ parent: PARENT })).toMatchObject({ parentSpanId: 'c'.repeat(16), flags: 0x301 });
  expect(written({ parent: PARENT, kind: 'client' })).toMatchObject({ kind: 3, flags: 0x101 });
  expect(written({ context: { ...CONTEXT, state: 'v=1' } })).toMatchObject({ traceState: 'v=1' });
});

test('values are in the field of their type, and what is undefined is left out', () => {
  expect(written({ attributes: { a: 'x"\n', b: 1, c: 1.5, d: true, e: undefined } })).toMatchObject({
    attributes: [
      { key: 'a', value: { stringValue: 'x"\n' } },
      { key: 'b', value: { intValue: 1 } },
      { key: 'c', value: { doubleValue: 1.5 } },
      { key: 'd', value: { boolValue: true } },
    ],
  });
});

test('an error is one, and says what', () => {
  expect(written({ error: 'failed 500' })).toMatchObject({ status: { code: 2, message: 'failed 500' } });
});
