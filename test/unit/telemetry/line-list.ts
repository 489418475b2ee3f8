import type { LogSink } from '../../../src/telemetry/log/log.ts';

/** A sink that keeps its lines as texts. */
export function intoList(lines: string[]): LogSink {
  return {
    write: (line) => lines.push(line),
    writeBytes: ({ bytes, length }) => lines.push(Buffer.from(bytes).toString('utf8', 0, length)),
  };
}
