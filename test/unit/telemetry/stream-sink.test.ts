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
  const sink = new StreamSink((lines) => Promise.resolve(texts.push(textOf(lines))));
  for (let n = 0; n < 100; n++) sink.write(`${n}\n`);
  expect(texts).toEqual([]);
  await sink.flush();
  expect(texts).toEqual([Array.from({ length: 100 }, (_, n) => `${n}\n`).join('')]);
  expect(sink.dropped).toBe(0);
});

describe('a writer that is stuck', () => {
  test('costs the caller nothing, and lines beyond the bound are dropped and counted', async () => {
    const writer = stuckWriter();
    const sink = new StreamSink(writer.write);
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
    const sink = new StreamSink(writer.write);
    for (let n = 0; n < 10_001; n++) sink.write('x\n');
    writer.letGo();
    await sink.flush();
    sink.write('later\n');
    await sink.flush();
    expect(writer.texts.at(-1)).toBe('later\n');
    expect(sink.dropped).toBe(1);
  });
});

test('lines of any length and script arrive as they are, whatever came before them', async () => {
  const texts: string[] = [];
  const sink = new StreamSink((lines) => Promise.resolve(texts.push(textOf(lines))));
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
  const sink = new StreamSink(writer.write);
  for (let n = 0; n < 20; n++) sink.write(`${'x'.repeat(1024 * 1024 - 1)}\n`);
  expect(sink.dropped).toBe(4);
  writer.letGo();
  await sink.flush();
  expect(writer.texts.join('').length).toBe(16 * 1024 * 1024);
});

test('a flush waits for everything that was written before it', async () => {
  const writer = stuckWriter();
  const sink = new StreamSink(writer.write);
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
  await new StreamSink(() => new Promise(() => undefined)).flush();
});

test('lines that a writer fails on are counted, and the next ones are written', async () => {
  const texts: string[] = [];
  let isBroken = true;
  const sink = new StreamSink((lines) => {
    if (isBroken) return Promise.reject(new Error('no space left'));
    return Promise.resolve(texts.push(textOf(lines)));
  });
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
  const sink = new StreamSink(() => {
    throw new Error('closed');
  });
  sink.write('lost\n');
  await sink.flush();
  sink.write('lost\n');
  await sink.flush();
  expect(sink.dropped).toBe(2);
});

test('a sink repeats the lines of another one, each as it was written there', async () => {
  const texts: string[] = [];
  const first = new StreamSink(() => Promise.resolve());
  const second = new StreamSink((lines) => Promise.resolve(texts.push(textOf(lines))));
  const lines = ['a\n', '日志\n', `${'x'.repeat(600_000)}\n`, '\n', 'last\n'];
  for (const line of lines) {
    expect(first.write(line)).toBe(true);
    expect(second.repeat(first)).toBe(true);
  }
  await second.flush();
  expect(texts.join('')).toBe(lines.join(''));
  await first.flush();
  for (let n = 0; n < 10_000; n++) first.write('x\n');
  expect(first.write('lost\n')).toBe(false);
  expect(first.dropped).toBe(1);
  await first.flush();
});
