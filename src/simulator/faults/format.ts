import type { Answer } from '../answer.ts';
import type { Encoding } from '../encoder.ts';
import type { EventStyle } from '../event-text.ts';
import type { Framing } from '../event-writer.ts';
import { eachItem, type Fault, fault } from '../fault.ts';
import type { Item } from '../item.ts';

/** The same answer in an unusual but valid format. */
export const FORMAT_FAULTS: readonly Fault[] = [
  fault({
    name: 'comments',
    summary: 'Comments before the first event and before every `every`th, `ms` before the next event.',
    params: { every: 5, ms: 0 },
    play: (answer, { every, ms }) =>
      interspersed(answer, every, [{ kind: 'comment', text: 'PROCESSING' }, ...pause(ms)]),
  }),
  fault({
    name: 'pings',
    summary: 'Ping events before the first event and before every `every`th.',
    params: { every: 5, ms: 0 },
    play: (answer, { every, ms }) =>
      interspersed(answer, every, [...(PINGLESS.has(answer.framing) ? [] : [PING]), ...pause(ms)]),
  }),
  style('crlf', 'Lines end with CR LF.', { lineEnd: '\r\n' }),
  style('cr', 'Lines end with only CR.', { lineEnd: '\r' }),
  style('no-space', '`data:x` without a space after the colon.', { space: '' }),
  style('multi-line', 'The JSON of an event is spread over several data lines.', { isMultiLine: true }),
  encoding('gzip'),
  encoding('deflate'),
  encoding('br'),
  encoding('zstd'),
  fault({
    name: 'chunks',
    summary: 'The body in pieces of `bytes`, each in a separate HTTP chunk and TCP segment.',
    params: { bytes: 1, ms: 0 },
    play: inPieces,
  }),
  fault({
    name: 'drip',
    summary: 'The body slowly, `bytes` every `ms`.',
    params: { bytes: 16, ms: 100 },
    play: inPieces,
  }),
];

/**
 * Framings without pings: every frame has an event type, none of which is a ping, and a JSON array has no place for
 * one.
 */
const PINGLESS: ReadonlySet<Framing> = new Set(['frames', 'array']);
const PING: Item = { kind: 'event', part: 'opening', name: 'ping', data: '{"type":"ping"}' };

function pause(ms: number): readonly Item[] {
  return ms > 0 ? [{ kind: 'wait', ms }] : [];
}

function interspersed(answer: Answer, every: number, items: readonly Item[]): Answer {
  let events = 0;
  return eachItem(answer, (item) => (events++ % Math.max(1, every) === 0 ? [...items, item] : [item]));
}

function style(name: string, summary: string, patch: Partial<EventStyle>): Fault {
  return fault({
    name,
    summary,
    params: {},
    play: (answer) => ({ ...answer, style: { ...answer.style, ...patch } }),
  });
}

function encoding(name: Encoding): Fault {
  return fault({
    name,
    summary: `Content-Encoding: ${name}, flushed after every event; also for errors.`,
    params: {},
    play: (answer) => ({
      ...answer,
      encoding: name,
      headers: [...answer.headers, ['Content-Encoding', name]],
    }),
  });
}

function inPieces(answer: Answer, { bytes, ms }: { readonly bytes: number; readonly ms: number }): Answer {
  return { ...answer, pieces: { bytes: Math.max(1, Math.floor(bytes)), everyMs: ms } };
}
