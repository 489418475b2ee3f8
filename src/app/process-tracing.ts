import type { SystemClock } from '../lib/system-clock.ts';
import { openTracing, type OpenTracing } from '../telemetry/traces/trace-open.ts';
import { version } from '../version.ts';
import { complain } from './process-log.ts';

/** The tracing of this process as the environment configures it; undefined: there is none. */
export function openProcessTracing(clock: SystemClock): OpenTracing | undefined {
  return openTracing({
    env: process.env,
    clock,
    version,
    complain: (text) => complain(`llm-proxy: ${text}\n`),
  });
}
