import { expect, test } from 'bun:test';
import { type EndedUse, EstimateLedger } from '../../../src/limits/estimates.ts';

const USE: EndedUse = {
  keyId: 'app',
  model: 'm',
  textBytes: 1000,
  inputTokens: 250,
  outputTokens: 100,
  answerBytes: 0,
};

test('before anything is known a guess counts', () => {
  const estimates = new EstimateLedger();
  expect([estimates.tokensPerByte('m'), estimates.outputs('app', 'm')]).toEqual([
    0.35,
    { high: 1024, usual: 1024 },
  ]);
});

test('the ratio of a model is learned, with a margin for its spread, within bounds', () => {
  const estimates = new EstimateLedger();
  for (let count = 0; count < 50; count++)
    estimates.note({ ...USE, inputTokens: count % 2 === 0 ? 200 : 300 });
  expect(estimates.tokensPerByte('m')).toBeGreaterThan(0.3);
  expect(estimates.tokensPerByte('m')).toBeLessThan(0.45);
  for (let count = 0; count < 200; count++) estimates.note({ ...USE, inputTokens: 5_000 });
  expect(estimates.tokensPerByte('m')).toBe(1.2);
  for (let count = 0; count < 400; count++) estimates.note({ ...USE, inputTokens: 1 });
  expect(estimates.tokensPerByte('m')).toBe(0.05);
  expect(estimates.tokensPerByte('other')).toBe(0.35);
});

test('the output is that of the key and model, and of the model for a key with few requests', () => {
  const estimates = new EstimateLedger();
  for (let count = 0; count < 30; count++) estimates.note({ ...USE, outputTokens: 40 });
  for (let count = 0; count < 30; count++) estimates.note({ ...USE, keyId: 'long', outputTokens: 4_000 });
  expect(estimates.outputs('app', 'm')).toEqual({ high: 40, usual: 40 });
  expect(estimates.outputs('long', 'm').high).toBe(4_000);
  expect(estimates.outputs('new', 'm').high).toBeGreaterThan(3_000);
});

test('the usual output lies between the median and the 95th percentile, also after the estimate has begun anew', () => {
  for (const values of [100, 520, 700]) {
    const estimates = new EstimateLedger();
    for (let count = 0; count < values; count++)
      estimates.note({ ...USE, outputTokens: 2 ** ((count * 7) % 10) * 10 });
    const { high, usual } = estimates.outputs('app', 'm');
    expect(usual).toBeGreaterThan(160);
    expect(usual).toBeLessThan(high);
  }
});

test('bytes a token are learned from streams that are long enough', () => {
  const estimates = new EstimateLedger();
  estimates.note({ ...USE, outputTokens: 3, answerBytes: 9_000 });
  expect(estimates.bytesPerToken('m')).toBe(200);
  for (let count = 0; count < 10; count++) estimates.note({ ...USE, answerBytes: 5_000 });
  expect(estimates.bytesPerToken('m')).toBe(50);
});
