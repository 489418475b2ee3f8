import { LineBytes } from '../../../src/telemetry/log/line-bytes.ts';
import type { LogSink } from '../../../src/telemetry/log/log.ts';

/** A sink that keeps its lines as texts. */
export function intoList(lines: string[]): LogSink {
  return {
    write: (line) => lines.push(line),
    line: (mostBytes) => new LineBytes().place(Buffer.alloc(mostBytes), 0),
    add: (line) => lines.push(String(line)),
  };
}
