import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { createSseSplitter, splitEvents } from '../../../src/lib/sse.ts';
import { cpuMs } from '../cpu-time.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const UNBOUNDED = Number.POSITIVE_INFINITY;

/** Splits these chunks and returns the blocks and the tail. */
function split(...chunks: (string | Uint8Array)[]): { blocks: string[]; tail: string } {
  const splitter = createSseSplitter(UNBOUNDED);
  const blocks = chunks.map((chunk) => splitter.push(typeof chunk === 'string' ? bytesOf(chunk) : chunk));
  return {
    blocks: blocks.map((block) => textOf(block ?? new Uint8Array(0))),
    tail: textOf(splitter.takeTail()),
  };
}

function events(block: string): [string, string][] {
  return splitEvents(bytesOf(block)).map(({ name, data }) => [name, textOf(data)]);
}

describe('the splitter', () => {
  test('returns a chunk of whole events as it is, without a copy', () => {
    const splitter = createSseSplitter(UNBOUNDED);
    for (const text of [
      'data: a\n\n',
      'data: a\n\ndata: b\n\n',
      'data: a\r\n\r\n',
      'data: a\r\r',
      ': ping\n\n',
    ]) {
      const chunk = bytesOf(text);
      expect(splitter.push(chunk)).toBe(chunk);
    }
    expect(splitter.takeTail()).toHaveLength(0);
  });

  test('returns the whole events of a chunk as a view on it, and holds the rest', () => {
    const splitter = createSseSplitter(UNBOUNDED);
    const chunk = bytesOf('data: a\n\ndata: b\n\ndata: c');
    const block = splitter.push(chunk);
    expect(block?.buffer).toBe(chunk.buffer);
    expect(textOf(block ?? chunk)).toBe('data: a\n\ndata: b\n\n');
    expect(textOf(splitter.push(bytesOf('\n\ndata: d\n')) ?? chunk)).toBe('data: c\n\n');
    expect(textOf(splitter.takeTail())).toBe('data: d\n');
    expect(splitter.takeTail()).toHaveLength(0);
  });

  test.each(['\n\n', '\r\n\r\n', '\r\r', '\n\r\n', '\r\n\n', '\r\n\r', '\n\r', '\r\r\n'])(
    'ends an event with the blank line %j, wherever the chunks are cut',
    (end) => {
      const stream = `data: a${end}data: b${end}`;
      for (let cut = 1; cut < stream.length; cut++) {
        const { blocks, tail } = split(stream.slice(0, cut), stream.slice(cut));
        expect(blocks.join('') + tail).toBe(stream);
        expect(tail.trim()).toBe('');
      }
    },
  );

  test('does not end an event at the end of a line', () => {
    expect(split('data: a\r\ndata: b\r\n').blocks).toEqual(['']);
    expect(split('data: a\r', '\ndata: b').blocks).toEqual(['', '']);
    expect(split('data: a\n', 'data: b\n').blocks).toEqual(['', '']);
    expect(split('\r\n').blocks).toEqual(['']);
  });

  test('ends an event where its blank line comes in a chunk of its own', () => {
    expect(split('data: a\r\n', '\r\n')).toEqual({ blocks: ['', 'data: a\r\n\r\n'], tail: '' });
    const long = `data: ${'x'.repeat(10_000)}\n`;
    expect(split(long, '\n')).toEqual({ blocks: ['', `${long}\n`], tail: '' });
  });

  test('does not wait for the LF that may follow a last CR', () => {
    expect(split('data: a\r\n\r').blocks).toEqual(['data: a\r\n\r']);
  });

  test('gives up on an event that grows beyond the limit, however small its chunks', () => {
    const splitter = createSseSplitter(100);
    expect(splitter.push(bytesOf(`data: ${'x'.repeat(200)}\n\n`))).toHaveLength(208);
    for (let count = 0; count < 100; count++) expect(splitter.push(bytesOf('x'))).toHaveLength(0);
    expect(splitter.push(bytesOf('x'))).toBeUndefined();
  });

  test.each([1_000, 65_536])('joins an event of 10 MB that comes in chunks of %d bytes', (step) => {
    const splitter = createSseSplitter(UNBOUNDED);
    const event = bytesOf(`data: ${'0123456789'.repeat(1_000_000)}\n\n`);
    let whole = new Uint8Array(0);
    for (let at = 0; at < event.length; at += step)
      whole = new Uint8Array(splitter.push(event.subarray(at, at + step)) ?? []);
    expect(Buffer.compare(whole, event)).toBe(0);
  });

  test('takes 300 KB byte by byte in time that grows with the length, not with its square', () => {
    const splitter = createSseSplitter(UNBOUNDED);
    const event = bytesOf(`data: ${'x\ndata: '.repeat(40_000)}\n\n`);
    let whole: Uint8Array | undefined;
    const tookMs = cpuMs(() => {
      for (const byte of event) whole = splitter.push(Uint8Array.of(byte));
    });
    expect(Buffer.compare(whole ?? new Uint8Array(0), event)).toBe(0);
    expect(tookMs).toBeLessThan(5_000);
  });
});

describe('the events of a block', () => {
  test('have a name and data, with one space after the colon taken away', () => {
    expect(events('event: ping\ndata: {}\n\ndata:x\n\ndata:  two\nid: 7\nretry: 3\n\n')).toEqual([
      ['ping', '{}'],
      ['', 'x'],
      ['', ' two'],
    ]);
  });

  test('join several lines of data by LF, empty ones too', () => {
    expect(events('data: a\ndata\ndata:\ndata: b\n\n')).toEqual([['', 'a\n\n\nb']]);
    expect(events('data: a\r\ndata: b\r\n\r\ndata: c\rdata: d\r\r')).toEqual([
      ['', 'a\nb'],
      ['', 'c\nd'],
    ]);
  });

  test('include comments and empty ones, without data, so that their ranges cover the block', () => {
    const block = bytesOf(': hello\n\n\ndata: a\n\n:x\n\nevent: e\n\ndata: tail');
    const found = splitEvents(block);
    expect(found.map(({ data }) => textOf(data))).toEqual(['', 'a', '', '', 'tail']);
    expect(found.map(({ start }) => start)).toEqual([0, ...found.slice(0, -1).map(({ end }) => end)]);
    expect(found.at(-1)?.end).toBe(block.length);
  });

  test('are few, however many lines are empty', () => {
    const block = bytesOf(`${'\n'.repeat(500_000)}data: a\n\n${': x\r\n\r\n'.repeat(1_000)}`);
    expect(splitEvents(block).map(({ data }) => textOf(data))).toEqual(['', 'a', '']);
  });

  test('are not misled by fields that begin like data or event', () => {
    expect(events('database: x\nevents: y\n data: z\nDATA: q\n\n')).toEqual([['', '']]);
  });

  test('skip a byte order mark in front', () => {
    expect(events('\uFEFFdata: a\n\n')).toEqual([['', 'a']]);
  });

  test('show data on one line as a view, not a copy', () => {
    const block = bytesOf('data: a\n\n');
    expect(splitEvents(block)[0]?.data.buffer).toBe(block.buffer);
  });
});

test.each(['data:\n', 'data: x\r', ': x\n'])('an event without end is given up for its lines: %j', (line) => {
  const splitter = createSseSplitter(64_000_000);
  const chunk = (): Uint8Array => bytesOf(line.repeat(10_000));
  let chunks = 0;
  while (splitter.push(chunk()) !== undefined && chunks < 100) chunks += 1;
  expect(chunks).toBeLessThan(10);
  // A large block of few lines is none of these.
  const other = createSseSplitter(64_000_000);
  for (let n = 0; n < 100; n++) expect(other.push(bytesOf('x'.repeat(100_000)))?.length).toBe(0);
});

describe('for any stream, cut anywhere', () => {
  const line = fc.constantFrom(
    'data: {"a":"文😀"}',
    'data:x',
    'data: ',
    'data',
    ': c',
    'event: e',
    'id: 1',
    '',
    '',
  );
  const ending = fc.constantFrom('\n', '\r\n', '\r');
  const stream = fc
    .tuple(
      fc.boolean(),
      fc.array(fc.tuple(line, ending), { maxLength: 30 }),
      fc.constantFrom('', 'data: cut', 'da'),
    )
    .map(([mark, lines, tail]) =>
      bytesOf((mark ? '\uFEFF' : '') + lines.map((each) => each.join('')).join('') + tail),
    );

  test('the blocks and the tail are the stream, and the events are those of the whole', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }), (bytes, sizes) => {
        const splitter = createSseSplitter(UNBOUNDED);
        const blocks: Uint8Array[] = [];
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          blocks.push(splitter.push(bytes.subarray(at, at + size)) ?? new Uint8Array(0));
          at += size;
        }
        const tail = splitter.takeTail();
        expect(Buffer.compare(Buffer.concat([...blocks, tail]), bytes)).toBe(0);
        expect([...blocks, tail].flatMap(dispatched)).toEqual(dispatched(bytes));
        expect(blocks.flatMap(dispatched)).toEqual(reference(textOf(bytes)));
      }),
      { numRuns: 1_000 },
    );
  });
});

function dispatched(block: Uint8Array): [string, string][] {
  return splitEvents(block)
    .filter(({ data }) => data.length > 0)
    .map(({ name, data }) => [name, textOf(data)]);
}

/** The algorithm of the specification, written as plainly as possible. */
function reference(stream: string): [string, string][] {
  const lines = stream.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  lines.pop();
  const events: [string, string][] = [];
  let name = '';
  let data: string[] = [];
  for (const line of lines) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (line === '') {
      if (data.join('\n') !== '') events.push([name, data.join('\n')]);
      name = '';
      data = [];
    } else if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
  }
  return events;
}
