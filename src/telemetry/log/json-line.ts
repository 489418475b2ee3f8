import type { RequestEnded } from '../../gateway/events.ts';
import { type Escape, measureMembers } from './json-members.ts';
import type { LineContext } from './line-texts.ts';
import type { LogEntry, LogValues } from './log-entry.ts';
import { type Language, sayInJson } from './messages.ts';

/** Renders an entry as one JSON object. */
export function jsonLine(entry: LogEntry, language: Language, { now, texts }: LineContext): string {
  const { level, requestId } = entry;
  const request = requestId === undefined ? '' : `,"request_id":"${requestId}"`;
  const body = jsonBody(entry, language, texts.escaped);
  return `{"time":"${instantOf(now.getTime())}","level":"${level}"${request}${body}}\n`;
}

/** Renders the members of an entry that follow its time, level and request. */
export function jsonBody(entry: LogEntry, language: Language, escape: Escape): string {
  const { message, values, members, measured } = entry;
  let body = `,"event":"${message}","message":"${sayInJson(message, language, values, escape)}"`;
  body += valueMembers(values, escape);
  if (members !== undefined) body += members(escape);
  if (measured !== undefined) body += knownMeasures(measured, escape);
  return body;
}

/** The values of a sentence. NaN and infinity become null. */
function valueMembers(values: LogValues, escape: Escape): string {
  let members = '';
  for (const name in values) {
    const value = values[name];
    if (typeof value === 'string') members += `,"${name}":"${escape(value)}"`;
    else if (value !== undefined) members += `,"${name}":${Number.isFinite(value) ? value : 'null'}`;
  }
  return members;
}

/** The last rendered measures, which two lines may share. */
const last: { of: RequestEnded | undefined; by: Escape | undefined; members: string } = {
  of: undefined,
  by: undefined,
  members: '',
};

function knownMeasures(event: RequestEnded, escape: Escape): string {
  if (last.of !== event || last.by !== escape) {
    last.members = measureMembers(event, escape);
    last.of = event;
    last.by = escape;
  }
  return last.members;
}

/** The last rendered second without its end, and the last rendered millisecond. */
const lastInstant = { second: NaN, start: '', ms: NaN, text: '' };

/** As `toISOString`, which costs more than all the rest of a line's head. */
export function instantOf(ms: number): string {
  if (ms === lastInstant.ms) return lastInstant.text;
  const second = Math.floor(ms / 1000);
  if (second !== lastInstant.second) {
    lastInstant.start = new Date(ms).toISOString().slice(0, -'000Z'.length);
    lastInstant.second = second;
  }
  lastInstant.ms = ms;
  lastInstant.text = `${lastInstant.start}${String(ms - second * 1000).padStart(3, '0')}Z`;
  return lastInstant.text;
}
