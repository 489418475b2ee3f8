import { describe, expect, test } from 'bun:test';
import { StreamSink } from '../../../src/telemetry/log/stream-sink.ts';

/** Copies the bytes, because their buffer is reused. */
const textOf = (lines: Uint8Array): string => new TextDecoder().decode(lines);

/** A writer that hangs until the test releases it. */
function stuckWriter(): { write: (lines: Uint8Array) => Promise<void>; letGo: () => void; texts: string[] } {
  const texts: string[] = [];
  let letGo: () => void = () => undefined;
  const free = new Promise<void>((resolve) => (letGo = resolve));
  return { texts, letGo: () => letGo(), write: (lines) => (texts.push(textOf(lines)), free) };
}

test('lines go out in their order, those of one moment together', async () => {
  const texts: string[] = [];
  const sink = new StreamSink([{ write: (lines) => Promise.resolve(texts.push(textOf(lines))) }]);
  for (let n = 0; n < 100; n++) sink.write(`${n}\n`);
  expect(texts).toEqual([]);
  await sink.flush();
  expect(texts).toEqual([Array.from({ length: 100 }, (_, n) => `${n}\n`).join('')]);
  expect(sink.dropped).toBe(0);
});

describe('a writer that is stuck', () => {
  test('costs the caller nothing, and lines beyond the bound are dropped and counted', async () => {
    const writer = stuckWriter();
    const sink = new StreamSink([writer]);
    sink.write('first\n');
    await Bun.sleep(5);
    for (let n = 0; n < 10_250; n++) sink.write(`${n}\n`);
    expect(sink.dropped).toBe(250);
    writer.letGo();
    await sink.flush();
    const all = writer.texts.join('').trimEnd().split('\n');
    expect(all).toHaveLength(10_001);
    expect([all[0], all[1], all.at(-1)]).toEqual(['first', '0', '9999']);
  });

  test('takes lines again when it is free', async () => {
    const writer = stuckWriter();
    const sink = new StreamSink([writer]);
    for (let n = 0; n < 10_001; n++) sink.write('x\n');
    writer.letGo();
    await sink.flush();
    sink.write('later\n');
    await sink.flush();
    expect(writer.texts.at(-1)).toBe('later\n');
    expect(sink.dropped).toBe(1);
  });

  test('takes lines again after it had room for none of a batch', async () => {
    const writer = stuckWriter();
    const sink = new StreamSink([writer]);
    sink.write('first\n');
    await Bun.sleep(5);
    for (let n = 0; n < 10_000; n++) sink.write('x\n');
    const flushing = sink.flush();
    sink.write('lost\n');
    writer.letGo();
    await flushing;
    sink.write('later\n');
    await sink.flush();
    expect(writer.texts.at(-1)).toBe('later\n');
    expect(sink.dropped).toBe(1);
  });
});

test('lines of any length and script arrive as they are, whatever came before them', async () => {
  const texts: string[] = [];
  const sink = new StreamSink([{ write: (lines) => Promise.resolve(texts.push(textOf(lines))) }]);
  const lines = ['日志'.repeat(40_000), 'x'.repeat(3_000_000), 'é', '🙂'.repeat(100_000), '', 'last'];
  for (const line of lines) sink.write(`${line}\n`);
  await sink.flush();
  for (const line of lines) {
    sink.write(`${line}\n`);
    await sink.flush();
  }
  const whole = lines.map((line) => `${line}\n`).join('');
  expect(texts.join('') === whole + whole).toBe(true);
  expect(sink.dropped).toBe(0);
});

test('lines that wait are of 16 MB at most', async () => {
  const writer = stuckWriter();
  const sink = new StreamSink([writer]);
  sink.write('first\n');
  await Bun.sleep(5);
  for (let n = 0; n < 20; n++) sink.write(`${'x'.repeat(1024 * 1024 - 1)}\n`);
  expect(sink.dropped).toBe(4);
  writer.letGo();
  await sink.flush();
  expect(writer.texts.join('').length).toBe('first\n'.length + 16 * 1024 * 1024);
});

test('a flush waits for everything that was written before it', async () => {
  const writer = stuckWriter();
  const sink = new StreamSink([writer]);
  sink.write('a\n');
  await Bun.sleep(5);
  sink.write('b\n');
  let isFlushed = false;
  const flushing = sink.flush().then(() => (isFlushed = true));
  await Bun.sleep(20);
  expect(isFlushed).toBe(false);
  writer.letGo();
  await flushing;
  expect(writer.texts).toEqual(['a\n', 'b\n']);
});

test('a flush with nothing to write is over at once', async () => {
  await new StreamSink([{ write: () => new Promise(() => undefined) }]).flush();
});

test('lines that a writer fails on are counted, and the next ones are written', async () => {
  const texts: string[] = [];
  let isBroken = true;
  const write = (lines: Uint8Array): Promise<unknown> => {
    if (isBroken) return Promise.reject(new Error('no space left'));
    return Promise.resolve(texts.push(textOf(lines)));
  };
  const sink = new StreamSink([{ write }]);
  sink.write('lost\n');
  sink.write('lost too\n');
  await sink.flush();
  isBroken = false;
  sink.write('kept\n');
  await sink.flush();
  expect(texts).toEqual(['kept\n']);
  expect(sink.dropped).toBe(2);
});

test('a writer that throws instead of rejecting stops nothing', async () => {
  const write = (): never => {
    throw new Error('closed');
  };
  const sink = new StreamSink([{ write }]);
  sink.write('lost\n');
  await sink.flush();
  sink.write('lost\n');
  await sink.flush();
  expect(sink.dropped).toBe(2);
});

/** Keeps the lines of each call as one text. */
function keeper(): { write: (lines: Uint8Array) => Promise<unknown>; texts: string[] } {
  const texts: string[] = [];
  return { texts, write: (lines) => Promise.resolve(texts.push(textOf(lines))) };
}

test('each of several writers gets every line while it wants them', async () => {
  const [first, second] = [keeper(), keeper()];
  let isWanted = true;
  const sink = new StreamSink([first, { write: second.write, isWanted: () => isWanted }]);
  const lines = ['a\n', '日志\n', `${'x'.repeat(600_000)}\n`, '\n', 'last\n'];
  for (const line of lines) sink.write(line);
  await sink.flush();
  isWanted = false;
  sink.write('for the first\n');
  await sink.flush();
  expect(second.texts.join('')).toBe(lines.join(''));
  expect(first.texts.join('')).toBe(`${lines.join('')}for the first\n`);
  expect(sink.dropped).toBe(0);
});

test('a writer that is stuck costs the other one no line, and itself only those that there is no room for', async () => {
  const [free, stuck] = [keeper(), stuckWriter()];
  const sink = new StreamSink([free, stuck]);
  let whole = '';
  for (let batch = 0; batch < 25; batch++) {
    for (let n = 0; n < 1_000; n++) {
      const line = `${batch} ${n} ${'x'.repeat(400)}\n`;
      whole += line;
      sink.write(line);
    }
    await Bun.sleep(1);
  }
  expect(free.texts.length).toBeGreaterThan(1);
  stuck.letGo();
  await sink.flush();
  expect(free.texts.join('') === whole).toBe(true);
  const kept = stuck.texts.join('');
  expect(whole.startsWith(kept)).toBe(true);
  const lines = kept.split('\n').length - 1;
  expect(lines).toBeGreaterThanOrEqual(10_000);
  expect(sink.dropped).toBe(25_000 - lines);
});

test('a writer that has room again in the middle of a batch lacks exactly the lines that are counted', async () => {
  const [free, stuck] = [keeper(), stuckWriter()];
  const sink = new StreamSink([free, stuck]);
  sink.write('first\n');
  await Bun.sleep(5);
  for (let n = 0; n < 10_000; n++) sink.write('x\n');
  const flushing = sink.flush();
  sink.write('lost\n');
  stuck.letGo();
  await flushing;
  sink.write('after\n');
  await sink.flush();
  expect(free.texts.join('')).toEndWith('x\nlost\nafter\n');
  const lines = stuck.texts.join('').split('\n').length - 1;
  expect(sink.dropped).toBe(10_003 - lines);
});

test('lines of known pieces lie between others in their order', async () => {
  const { write, texts } = keeper();
  const sink = new StreamSink([{ write }]);
  const piece = Buffer.from('<piece>\n');
  for (let n = 0; n < 30_000; n++) {
    if (n % 3 === 0) sink.write(`${n}\n`);
    sink.add(sink.line(9_000).add(piece, 0, 8 - (n % 2)));
    if (n % 5_000 === 0) await sink.flush();
  }
  await sink.flush();
  const expected = Array.from({ length: 30_000 }, (_, n) => {
    return `${n % 3 === 0 ? `${n}\n` : ''}${n % 2 === 0 ? '<piece>\n' : '<piece>'}`;
  });
  expect(texts.join('') === expected.join('')).toBe(true);
  expect(sink.dropped).toBe(0);
});
