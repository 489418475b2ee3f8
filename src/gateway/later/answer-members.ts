import { LARGE_BYTES } from '../../lib/in-turns.ts';
import { scanObject, valueAt } from '../../lib/json/json-scan.ts';
import type { AnswerBody } from '../../protocols/answer-body.ts';
import { asObject } from '../../protocols/json-object.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { usageIn } from '../../protocols/usage.ts';

/** The members of a response or a batch that describe its state. */
export interface AnswerMembers {
  readonly status: string | undefined;
  readonly model: string | undefined;
  readonly usage: Usage | undefined;
  /** The number of requests of a batch that were answered; at least 1. */
  readonly requests: number;
  /** The file with the results of a batch. */
  readonly outputFile: string | undefined;
}

const WANTED = ['status', 'model', 'output_file_id', 'request_counts'];

/** Returns undefined for anything but an object. */
export function membersOf(body: AnswerBody): AnswerMembers | undefined {
  const { bytes } = body;
  // A large answer was scanned ahead. It is a response, which has the first two members only.
  const scan = bytes.byteLength > LARGE_BYTES ? body.scan() : scanObject(bytes, WANTED);
  if (scan.kind !== 'object') return undefined;
  const values: Record<string, unknown> = {};
  for (const { key, valueStart, valueEnd } of scan.members)
    if (WANTED.includes(key) && valueEnd - valueStart <= LONGEST)
      values[key] = valueAt(bytes, valueStart, valueEnd);
  const completed = asObject(values['request_counts'])?.['completed'];
  return {
    status: textOf(values['status']),
    model: textOf(values['model']),
    usage: usageIn(body),
    requests: typeof completed === 'number' && completed >= 1 ? Math.round(completed) : 1,
    outputFile: textOf(values['output_file_id']),
  };
}

const LONGEST = 4096;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
