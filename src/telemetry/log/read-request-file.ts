import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoggingSettings } from '../../config/snapshot.ts';
import { localDate } from './local-time.ts';
import { createRedactor } from './redact.ts';
import { maskedHeaders } from './request-file.ts';

/** The file of one request, in its parts. Secrets are masked, whatever the settings say. */
export interface RecordedRequest {
  /** The method and path, then the header fields, one per line. */
  readonly request: RecordedPart;
  readonly answer: RecordedPart;
  /** The lines of the log. */
  readonly log: string;
}

/** One message. */
export interface RecordedPart {
  readonly title: string;
  readonly headers: string;
  readonly body: string;
}

export interface RecordedQuestion {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly endedAtMs: number;
}

/**
 * Reads the file of a request that `separate_files` wrote on this machine; undefined: there is none. Throws the errors
 * of the file system, other than a missing directory.
 */
export async function readRequestFile(
  { requestId, endedAtMs }: RecordedQuestion,
  { requestDir }: Pick<LoggingSettings, 'requestDir'>,
  secrets: readonly string[],
): Promise<RecordedRequest | undefined> {
  if (!/^\w{1,64}$/.test(requestId)) return undefined;
  const days = new Set([endedAtMs, endedAtMs + MINUTE_MS].map((ms) => localDate(new Date(ms))));
  const names = await readdir(requestDir).catch(noneIfMissing);
  const name = names.find((one) => one.endsWith(`_${requestId}.log`) && days.has(one.slice(0, 10)));
  if (name === undefined) return undefined;
  const text = await readFile(join(requestDir, name), 'utf8');
  return partsOf(createRedactor(secrets)(text));
}

/** A file is written shortly after its request ends, maybe on the next day. */
const MINUTE_MS = 60_000;

function noneIfMissing(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw error;
}

/** Each title ends the section before it. A body may contain any text, so only the next title in order counts. */
function partsOf(text: string): RecordedRequest {
  const [first = '', ...rest] = text.split('\n');
  const remaining = `\n${rest.join('\n')}`;
  const [requestHeaders, afterHeaders] = cutAt(remaining, '\n── Request body\n');
  const [requestBody, afterBody] = cutAt(afterHeaders, '\n── Log\n');
  const [log, afterLog] = cutAt(afterBody, '\n── Answer: ');
  const [answerTitle, afterTitle] = cutAt(afterLog, '\n');
  const [answerHeaders, answerBody] = cutAt(afterTitle, '\n── Answer body\n');
  return {
    request: {
      title: first.replace(/^── /, ''),
      headers: maskedHeaders(requestHeaders.trim()),
      body: requestBody.trimEnd(),
    },
    log: log.trimEnd(),
    answer: { title: answerTitle, headers: maskedHeaders(answerHeaders.trim()), body: answerBody.trimEnd() },
  };
}

function cutAt(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}
