import type { RequestStarted } from '../../gateway/events.ts';
import type { Clock, Emit, Tracing } from '../../gateway/ports.ts';
import { readTraceContext, type TraceContext, writeTraceContext } from './trace-context.ts';
import type { Sampler } from './trace-sampler.ts';
import { type FinishedSpan, spansOf } from './trace-span.ts';

/** Makes spans from events. The gateway asks it for the context of each attempt before sending it. */
export interface Tracer extends Tracing {
  readonly listen: Emit;
}

export interface TracerOptions {
  readonly clock: Pick<Clock, 'nowMs' | 'epochMs'>;
  readonly sampler: Sampler;
  /** Receives the spans of each recorded request when it has ended. */
  readonly onSpan: (span: FinishedSpan) => void;
}

interface OpenTrace {
  readonly parent: TraceContext | undefined;
  readonly context: TraceContext;
  readonly attemptSpanIds: string[];
}

/**
 * An unrecorded request costs two identifiers: its trace is passed to the provider, marked as not sampled. Identifiers
 * are created up front, spans at the end.
 */
export function createTracer({ clock, sampler, onSpan }: TracerOptions): Tracer {
  const open = new Map<string, OpenTrace>();
  return {
    attemptContext(requestId) {
      const trace = open.get(requestId);
      if (trace === undefined) return undefined;
      if (!trace.context.isSampled) return writeTraceContext(trace.context);
      const spanId = randomHex(SPAN_ID_BYTES);
      trace.attemptSpanIds.push(spanId);
      return writeTraceContext({ ...trace.context, spanId });
    },
    recordedTrace(requestId) {
      const context = open.get(requestId)?.context;
      return context?.isSampled === true ? context.traceId : undefined;
    },
    listen(event) {
      if (event.type === 'request-started') {
        open.set(event.requestId, begin(event, sampler));
      } else if (event.type === 'request-ended') {
        const trace = open.get(event.requestId);
        open.delete(event.requestId);
        if (trace?.context.isSampled !== true) return;
        spansOf(event, trace, clock.epochMs() - clock.nowMs()).forEach(onSpan);
      }
    },
  };
}

function begin({ headers }: RequestStarted, sampler: Sampler): OpenTrace {
  const parent = readTraceContext(headers);
  const traceId = parent?.traceId ?? randomHex(TRACE_ID_BYTES);
  const context = {
    traceId,
    spanId: randomHex(SPAN_ID_BYTES),
    isSampled: sampler(traceId, parent),
    state: parent?.state,
  };
  return { parent, context, attemptSpanIds: [] };
}

const TRACE_ID_BYTES = 16;

const SPAN_ID_BYTES = 8;

/** Random digits are generated in bulk: separate calls cost ten times as much. */
let pool = '';
let used = 0;
const POOL_BYTES = 4_096;

function randomHex(bytes: number): string {
  if (used + bytes * 2 > pool.length) {
    pool = crypto.getRandomValues(Buffer.alloc(POOL_BYTES)).toString('hex');
    used = 0;
  }
  used += bytes * 2;
  return pool.slice(used - bytes * 2, used);
}
