import type { SystemClock } from '../lib/system-clock.ts';
import type { OpenTracing } from '../telemetry/traces/trace-open.ts';
import { version } from '../version.ts';
import { complain } from './process-log.ts';

/** The tracing of this process as the environment configures it; undefined: there is none. */
export async function openProcessTracing(clock: SystemClock): Promise<OpenTracing | undefined> {
  if (ENDPOINTS.every((name) => !process.env[name])) return undefined;
  const { openTracing } = await import('../telemetry/traces/trace-open.ts');
  return openTracing({
    env: process.env,
    clock,
    version,
    complain: (text) => complain(`llm-proxy: ${text}\n`),
  });
}

/** Without one of them nothing is traced. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
