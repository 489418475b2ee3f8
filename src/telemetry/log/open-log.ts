import type { Snapshot } from '../../config/snapshot.ts';
import { fetchedSecrets } from '../../gateway/redact.ts';
import { AfterAnswers } from './after-answers.ts';
import { createLog, type Log } from './log.ts';
import { asItIs, type Redact, redactorOf } from './redact.ts';
import { say } from './messages.ts';
import { RequestFiles } from './request-files.ts';
import { createRollingFile } from './rolling-file.ts';
import { StreamSink } from './stream-sink.ts';

/** The log of a running gateway, on the terminal and in the configured files. */
export interface OpenLog extends Log {
  /** Lines and request files lost since the start. */
  readonly droppedRows: () => number;
  /** Resolves when everything is written, or when the writer seems stuck. */
  readonly flush: () => Promise<void>;
}

export interface LogOptions {
  /** The configuration in force. Its log settings apply from the next line on. */
  readonly snapshot: () => Snapshot;
  /** Writes to the terminal. */
  readonly print: (lines: Uint8Array) => Promise<unknown>;
  /** Reports lost lines outside of the log, at most once a minute. */
  readonly complain: (text: string) => void;
  /** The time in milliseconds since 1970. */
  readonly epochMs: () => number;
}

/** Opens the log. Each text is redacted before it becomes part of a line. */
export function openLog({ snapshot, print, complain, epochMs }: LogOptions): OpenLog {
  const now = (): Date => new Date(epochMs());
  const settings = () => snapshot().logging;
  const secretsRedactor = redactorOf(joined(() => snapshot().secrets, fetchedSecrets));
  const redactor = (): Redact => (settings().maskSensitive ? secretsRedactor() : asItIs);
  const onLoss = onceAMinute(now, (error) => {
    const { language } = settings();
    const reason = lossReason(error, language);
    const text = say('logLost', language, { reason, count: droppedRows() }, redactor());
    complain(`llm-proxy: ${text}\n`);
  });
  const roll = createRollingFile(() => rollingSettings(settings()), now);
  const file = { write: roll, isWanted: () => settings().generalFile !== undefined };
  const sink = new StreamSink([{ write: print }, file], onLoss);
  const requestFiles = new RequestFiles({ settings, redactor, now, onLoss });
  const droppedRows = (): number => sink.dropped + requestFiles.dropped;
  const log = createLog({ settings, sink, redactor, epochMs });
  const events = new AfterAnswers((event) => {
    log.listen(event);
    requestFiles.listen(event);
  }, onLoss);
  return {
    listen: (event) => events.listen(event),
    say(...line) {
      events.pass();
      log.say(...line);
    },
    droppedRows,
    flush: async () => {
      events.pass();
      await Promise.all([sink.flush(), requestFiles.flush()]);
    },
  };
}

/** Joins two lists anew only when one of them was replaced. */
function joined(first: () => readonly string[], second: () => readonly string[]): () => readonly string[] {
  let parts = [first(), second()] as const;
  let all: readonly string[] = parts.flat();
  return () => {
    const [a, b] = [first(), second()];
    if (a === parts[0] && b === parts[1]) return all;
    parts = [a, b];
    all = parts.flat();
    return all;
  };
}

function rollingSettings({ generalFile = '', maxFileBytes, maxFiles, maxDays }: Snapshot['logging']) {
  return { path: generalFile, maxBytes: maxFileBytes, maxFiles, maxDays };
}

/** The file system's error without the path that Node includes. */
function lossReason(error: unknown, language: Snapshot['logging']['language']): string {
  if (error === undefined) return language === 'zh' ? '写入太慢' : 'writing is too slow';
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : 'unknown';
}

const MINUTE_MS = 60_000;

function onceAMinute(now: () => Date, act: (error: unknown) => void): (error: unknown) => void {
  let actedAtMs = -Infinity;
  return (error) => {
    const nowMs = now().getTime();
    if (nowMs - actedAtMs < MINUTE_MS) return;
    actedAtMs = nowMs;
    act(error);
  };
}
