import type { LoggingSettings } from '../../config/snapshot.ts';
import type { GatewayEvent, RequestEnded, RequestReceived } from '../../gateway/events.ts';
import { type Level, levelOf, type LogEntry, type LogValues, logEntries, metricsEntry } from './log-entry.ts';
import { jsonLine } from './json-line.ts';
import { type LineContext, LineTexts } from './line-texts.ts';
import { localDate, localTime } from './local-time.ts';
import { type Language, type MessageKey, say } from './messages.ts';
import { asItIs, type Redact } from './redact.ts';
import { type LineSink, writeJoined } from './cut-line.ts';
import { numbersOf, UsualLines } from './usual-lines.ts';

/** A destination of lines. It must return at once, whatever happens to the line. */
export interface LogSink extends LineSink {
  readonly write: (line: string) => void;
}

/** The log. It listens to events, and accepts the few lines that have no event. */
export interface Log {
  readonly listen: (event: GatewayEvent) => void;
  readonly say: (level: Level, message: MessageKey, values?: LogValues) => void;
}

const SHOWN: Readonly<Record<Level, string>> = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' };

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LogOptions {
  /** The settings of the moment of each line. */
  readonly settings: () => LoggingSettings;
  readonly sink: LogSink;
  /** Returns the redaction of the moment. Defaults to none. */
  readonly redactor?: () => Redact;
  /** The time in milliseconds since 1970. */
  readonly epochMs?: () => number;
}

/** A log in the format, language and level that the settings name at the moment of each line. */
export function createLog({ settings, sink, redactor = () => asItIs, epochMs = Date.now }: LogOptions): Log {
  let texts = new LineTexts(redactor());
  let usualLines: UsualLines | undefined;
  const currentTexts = (): LineTexts => {
    const redact = redactor();
    if (texts.redact !== redact) texts = new LineTexts(redact);
    return texts;
  };
  const write = (entry: LogEntry): void => {
    const current = settings();
    if (RANK[entry.level] < RANK[current.level]) return;
    sink.write(renderLine(entry, current, { now: new Date(epochMs()), texts: currentTexts() }));
  };
  /** Writes the lines of a usual request. Returns whether it was one. */
  const writeUsual = (event: RequestReceived | RequestEnded): boolean => {
    const { format, language, level, enableMetrics } = settings();
    if (format !== 'json' || RANK[level] > RANK.info) return false;
    if (usualLines?.isOf(currentTexts(), language) !== true) usualLines = new UsualLines(texts, language);
    if (event.type === 'request-received') return usualLines.received(event, epochMs(), sink);
    const lines = usualLines.of(event);
    if (lines === undefined) return false;
    const shared = { epochMs: epochMs(), numbers: numbersOf(event) };
    writeJoined(lines.ended, event.requestId, shared, sink);
    if (enableMetrics) writeJoined(lines.metrics, event.requestId, shared, sink);
    return true;
  };
  return {
    listen(event) {
      const isOfRequest = event.type === 'request-received' || event.type === 'request-ended';
      if (isOfRequest && writeUsual(event)) return;
      const level = levelOf(event);
      // Entries below the level are not rendered.
      if (level !== undefined && RANK[level] >= RANK[settings().level]) logEntries(event).forEach(write);
      if (event.type === 'request-ended' && settings().enableMetrics) write(metricsEntry(event));
    },
    say: (level, message, values = {}) => write({ level, requestId: undefined, message, values }),
  };
}

/** Renders one entry in the format and language of the settings. */
export function renderLine(
  entry: LogEntry,
  { format, language }: Pick<LoggingSettings, 'format' | 'language'>,
  context: LineContext,
): string {
  return format === 'json' ? jsonLine(entry, language, context) : textLine(entry, language, context);
}

/** `[2026-01-13 09:41:05] [INFO] [req_abc123] …`, in local time. */
function textLine(
  { level, requestId, message, values }: LogEntry,
  language: Language,
  { now, texts }: LineContext,
): string {
  const request = requestId === undefined ? '' : ` [${requestId}]`;
  return `[${stampOf(now)}] [${SHOWN[level]}]${request} ${say(message, language, values, texts.plain)}\n`;
}

/** The last rendered second, since many lines share one. */
const last = { second: NaN, stamp: '' };

function stampOf(now: Date): string {
  const second = Math.floor(now.getTime() / 1000);
  if (second !== last.second) Object.assign(last, { second, stamp: `${localDate(now)} ${localTime(now)}` });
  return last.stamp;
}
