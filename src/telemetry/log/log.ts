import type { LoggingSettings } from '../../config/snapshot.ts';
import type { GatewayEvent, RequestEnded } from '../../gateway/events.ts';
import { type Level, levelOf, type LogEntry, type LogValues, logEntries, metricsEntry } from './log-entry.ts';
import { type LogFields, measureFields } from './log-fields.ts';
import { localDate, localTime } from './local-time.ts';
import { type MessageKey, say } from './messages.ts';

/** A destination of lines. `write` must return at once, whatever happens to the line. */
export interface LogSink {
  readonly write: (line: string) => void;
}

/** The log. It listens to events, and accepts the few lines that have no event. */
export interface Log {
  readonly listen: (event: GatewayEvent) => void;
  readonly say: (level: Level, message: MessageKey, values?: LogValues) => void;
}

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A log in the format, language and level that the settings name at the moment of each line. */
export function createLog(
  settings: () => LoggingSettings,
  sink: LogSink,
  now: () => Date = () => new Date(),
): Log {
  const write = (entry: LogEntry): void => {
    const current = settings();
    if (RANK[entry.level] < RANK[current.level]) return;
    sink.write(renderLine(entry, current, now()));
  };
  return {
    listen(event) {
      const level = levelOf(event);
      // Entries below the level are not rendered.
      if (level !== undefined && RANK[level] >= RANK[settings().level]) logEntries(event).forEach(write);
      if (event.type === 'request-ended' && settings().enableMetrics) write(metricsEntry(event));
    },
    say: (level, message, values = {}) => write({ level, requestId: undefined, message, values }),
  };
}

/** Renders one entry in the format and language of the settings. */
export function renderLine(entry: LogEntry, settings: LoggingSettings, now: Date): string {
  return settings.format === 'json' ? jsonLine(entry, settings, now) : textLine(entry, settings, now);
}

/** `[2026-01-13 09:41:05] [INFO] [req_abc123] …`, in local time. */
function textLine(entry: LogEntry, { language }: LoggingSettings, now: Date): string {
  const request = entry.requestId === undefined ? '' : ` [${entry.requestId}]`;
  const text = say(entry.message, language, entry.values);
  return `[${stampOf(now)}] [${entry.level.toUpperCase()}]${request} ${oneLine(text)}\n`;
}

/** The last rendered second, since many lines share one. */
const last = { second: NaN, stamp: '' };

function stampOf(now: Date): string {
  const second = Math.floor(now.getTime() / 1000);
  if (second !== last.second) Object.assign(last, { second, stamp: `${localDate(now)} ${localTime(now)}` });
  return last.stamp;
}

/** Two serialised objects joined by hand: one object with all members would have to be built first, and costs more. */
function jsonLine(entry: LogEntry, { language }: LoggingSettings, now: Date): string {
  const { level, requestId, message, values } = entry;
  let line = `{"time":"${instantOf(now)}","level":"${level}"`;
  if (requestId !== undefined) line += `,"request_id":${JSON.stringify(requestId)}`;
  line += `,"event":"${message}","message":${JSON.stringify(say(message, language, values))}`;
  line += membersOf(values);
  if (entry.fields !== undefined) line += membersOf(entry.fields());
  if (entry.measured !== undefined) line += measureMembers(entry.measured);
  return `${line}}\n`;
}

/** The members of an object, to follow others; '' if there are none. NaN and infinity become null. */
function membersOf(fields: LogFields): string {
  const text = JSON.stringify(fields);
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}

/** The last rendered measures, which two lines may share. */
const lastMeasures: { of: RequestEnded | undefined; members: string } = { of: undefined, members: '' };

function measureMembers(event: RequestEnded): string {
  if (lastMeasures.of !== event) {
    lastMeasures.members = membersOf(measureFields(event));
    lastMeasures.of = event;
  }
  return lastMeasures.members;
}

/** The last rendered second without its end, and the last rendered millisecond. */
const lastInstant = { second: NaN, start: '', ms: NaN, text: '' };

/** As `toISOString`, which costs more than all the rest of a line's head. */
function instantOf(now: Date): string {
  const ms = now.getTime();
  if (ms === lastInstant.ms) return lastInstant.text;
  const second = Math.floor(ms / 1000);
  if (second !== lastInstant.second) {
    lastInstant.start = now.toISOString().slice(0, -'000Z'.length);
    lastInstant.second = second;
  }
  lastInstant.ms = ms;
  lastInstant.text = `${lastInstant.start}${String(ms - second * 1000).padStart(3, '0')}Z`;
  return lastInstant.text;
}

/** External text may contain line ends, and must not be able to forge lines. */
function oneLine(text: string): string {
  return LINE_END.test(text) ? text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ') : text;
}

const LINE_END = /[\p{Cc}\u2028\u2029]/u;
