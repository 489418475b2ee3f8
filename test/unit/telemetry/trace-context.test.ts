import { describe, expect, test } from 'bun:test';
import { readTraceContext, writeTraceContext } from '../../../src/telemetry/traces/trace-context.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

function read(traceparent: string, tracestate?: string): ReturnType<typeof readTraceContext> {
  return readTraceContext(new Headers({ traceparent, ...(tracestate !== undefined && { tracestate }) }));
}

test("a client's context is read with its state", () => {
  expect(read(`00-${TRACE_ID}-${SPAN_ID}-01`, 'vendor=1')).toEqual({
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    isSampled: true,
    state: 'vendor=1',
  });
});

test('only the last bit of the flags says whether it is recorded', () => {
  const sampled = ['00', '01', '02', '03', 'fe', 'ff'].map((flags) =>
    read(`00-${TRACE_ID}-${SPAN_ID}-${flags}`),
  );
  expect(sampled.map((context) => context?.isSampled)).toEqual([false, true, false, true, false, true]);
});

test('a later version is read as far as it is known', () => {
  expect(read(`01-${TRACE_ID}-${SPAN_ID}-01-more`)?.spanId).toBe(SPAN_ID);
});

describe('no context is read from', () => {
  for (const text of [
    '',
    'nonsense',
    `00-${TRACE_ID}-${SPAN_ID}`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01, 00-${TRACE_ID}-${SPAN_ID}-01`,
  ]) {
    test(JSON.stringify(text), () => expect(read(text, 'vendor=1')).toBeUndefined());
  }

  test('no header at all', () => expect(readTraceContext(new Headers())).toBeUndefined());
});

test('a written context is read back unchanged', () => {
  for (const isSampled of [true, false]) {
    for (const state of [undefined, 'a=1,b=2']) {
      const context = { traceId: TRACE_ID, spanId: SPAN_ID, isSampled, state };
      expect(readTraceContext(new Headers(writeTraceContext(context)))).toEqual(context);
    }
  }
});
