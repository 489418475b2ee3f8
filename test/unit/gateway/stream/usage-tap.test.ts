import { expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { createUsageTap } from '../../../../src/gateway/stream/usage-tap.ts';
import { cpuMs } from '../../cpu-time.ts';

const USAGE = '"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

function totalOf(body: Uint8Array, headers: Record<string, string>, chunkBytes = 1000): number | undefined {
  const tap = createUsageTap(new Headers(headers));
  for (let from = 0; from < body.byteLength; from += chunkBytes)
    tap?.push(body.subarray(from, from + chunkBytes));
  return tap?.usage()?.totalTokens;
}

test('the usage of a small answer is read wherever it stands', () => {
  expect(totalOf(Buffer.from(`{${USAGE},"data":[]}`), JSON_TYPE)).toBe(7);
});

test('the usage at the end of a large answer is read, however it comes', () => {
  const body = Buffer.from(`{"data":[{"b64_json":"${'A'.repeat(1_000_000)}"}],${USAGE}}`);
  for (const chunkBytes of [999, 16_384, 200_000, body.byteLength])
    expect(totalOf(body, JSON_TYPE, chunkBytes)).toBe(7);
});

test("Gemini's answers report it in a member of another name, also in a list of chunks", () => {
  const chunk = (total: number): string =>
    `{"candidates":[{"content":{"parts":[{"text":"{\\"a\\"}"}]}}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":${total},"promptTokensDetails":[{"modality":"TEXT","tokenCount":3}]},"modelVersion":"m"}`;
  expect(totalOf(Buffer.from(chunk(7)), JSON_TYPE)).toBe(7);
  expect(totalOf(Buffer.from(`[${chunk(5)},\r\n${chunk(9)}\n]`), JSON_TYPE)).toBe(9);
  expect(totalOf(gzipSync(`[${chunk(5)},${chunk(9)}]`), { ...JSON_TYPE, 'content-encoding': 'gzip' })).toBe(
    9,
  );
  const many = `[${Array.from({ length: 1000 }, (_, at) => chunk(at + 1)).join(',')}]`;
  expect(totalOf(Buffer.from(many), JSON_TYPE)).toBe(1000);
});

test('a compressed answer is decoded, unless it is too large', () => {
  const coded = { ...JSON_TYPE, 'content-encoding': 'gzip' };
  expect(totalOf(gzipSync(`{"data":[],${USAGE}}`), coded)).toBe(7);
  expect(totalOf(gzipSync(`{"data":"${'A'.repeat(9_000_000)}",${USAGE}}`), coded)).toBeUndefined();
  expect(totalOf(gzipSync(`{"data":"A"`), coded)).toBeUndefined();
});

test('an event that is not JSON is ignored', () => {
  expect(createUsageTap(new Headers({ 'content-type': 'audio/mpeg' }))).toBeUndefined();
  expect(createUsageTap(new Headers())).toBeUndefined();
  expect(totalOf(Buffer.from('not "usage" at all'), JSON_TYPE)).toBeUndefined();
  expect(totalOf(Buffer.from(`${'x'.repeat(100_000)}"usage":{"input`), JSON_TYPE)).toBeUndefined();
});

test('an answer that drips is copied a bounded number of times', () => {
  const timeOf = (bytes: number): number => {
    const body = new Uint8Array(bytes).fill(0x20);
    return cpuMs(() => totalOf(body, JSON_TYPE, 1));
  };
  timeOf(100_000);
  expect(timeOf(1_000_000)).toBeLessThan(Math.max(10, timeOf(100_000)) * 60);
});
