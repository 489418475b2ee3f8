import type { LoggingSettings } from '../config/snapshot.ts';
import type { GatewayEvent } from '../gateway/events.ts';
import { type Level, type LogEntry, logEntries } from './log-entry.ts';
import { type MessageKey, say } from './messages.ts';

/** Where lines go. `write` must return at once, whatever becomes of the line. */
export interface LogSink {
  readonly write: (line: string) => void;
}

/** The log: listens to events, and takes the few lines that no event stands for. */
export interface Log {
  readonly listen: (event: GatewayEvent) => void;
  readonly say: (level: Level, message: MessageKey, values?: LogEntry['values']) => void;
}

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A log of the form, language and level that the settings name at the moment of each line. */
export function createLog(settings: () => LoggingSettings, sink: LogSink): Log {
  const write = (entry: LogEntry): void => {
    const current = settings();
    if (RANK[entry.level] < RANK[current.level]) return;
    sink.write(current.format === 'json' ? jsonLine(entry, current) : textLine(entry, current));
  };
  return {
    listen: (event) => logEntries(event).forEach(write),
    say: (level, message, values = {}) => write({ level, requestId: undefined, message, values }),
  };
}

/** `[2026-01-13 09:41:05] [INFO] [req_abc123] …`, in local time. */
function textLine(entry: LogEntry, { language }: LoggingSettings): string {
  const request = entry.requestId === undefined ? '' : ` [${entry.requestId}]`;
  const text = say(entry.message, language, entry.values);
  return `[${localTime(new Date())}] [${entry.level.toUpperCase()}]${request} ${oneLine(text)}\n`;
}

function jsonLine(entry: LogEntry, { language }: LoggingSettings): string {
  return `${JSON.stringify({
    time: new Date().toISOString(),
    level: entry.level,
    request_id: entry.requestId,
    event: entry.message,
    message: say(entry.message, language, entry.values),
    ...entry.values,
  })}\n`;
}

/** What came from outside may hold line ends, and must not be able to write lines of its own. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ');
}

function localTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
