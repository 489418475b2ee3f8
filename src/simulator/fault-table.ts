import { type Fault, fault } from './fault.ts';
import { CONNECTION_FAULTS } from './faults/connection.ts';
import { CONTENT_FAULTS } from './faults/content.ts';
import { FORMAT_FAULTS } from './faults/format.ts';
import { NO_ANSWER_FAULTS } from './faults/no-answer.ts';
import { REPORT_FAULTS } from './faults/report.ts';
import { STATUS_FAULTS } from './faults/status.ts';
import { STREAM_FAULTS } from './faults/stream.ts';
import { USAGE_FAULTS } from './faults/usage.ts';

/**
 * All faults. Combined faults are played in the order of this table, whatever order they are written in: first those
 * that choose the answer, then those that change its events, then those of its format.
 */
export const FAULTS: readonly Fault[] = [
  fault({ name: 'ok', summary: 'No fault: a correct answer.', params: {} }),
  ...STATUS_FAULTS,
  ...NO_ANSWER_FAULTS,
  ...CONTENT_FAULTS,
  ...USAGE_FAULTS,
  ...STREAM_FAULTS,
  ...REPORT_FAULTS,
  ...FORMAT_FAULTS,
  ...CONNECTION_FAULTS,
];

/** The parameters that every model name and fault header accepts. */
export const COMMON_PARAMS: Readonly<Record<string, string>> = {
  times: 'play the fault this many times, then answer correctly',
  for: 'play the fault for this many seconds after its first request, then answer correctly',
  words: 'the length of the answer in tokens',
  pace: 'tokens per second in a stream; 0: as fast as possible',
  latency: 'milliseconds before the status line',
};
