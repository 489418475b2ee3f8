import { expect, test } from 'bun:test';
import { amountOf, expectedNeed, maximumNeed, type RequestSize } from '../../../src/limits/hold.ts';

const SIZE: RequestSize = {
  textBytes: 1000,
  images: 0,
  audioSeconds: 0,
  askedTokens: undefined,
  answers: 1,
  hasOutput: true,
};
const LEARNED = { tokensPerByte: 0.25, outputTokens: 600 };

test('the expected need is the learned one, less where the request asks for less', () => {
  expect(expectedNeed(SIZE, LEARNED)).toEqual({ input: 250, output: 600 });
  expect(expectedNeed({ ...SIZE, askedTokens: 100 }, LEARNED).output).toBe(100);
  expect(expectedNeed({ ...SIZE, askedTokens: 32_000 }, LEARNED).output).toBe(600);
  expect(expectedNeed({ ...SIZE, askedTokens: 100, answers: 3 }, LEARNED).output).toBe(300);
});

test('short answers so far do not hide a long one', () => {
  expect(expectedNeed(SIZE, { ...LEARNED, outputTokens: 3 }).output).toBe(256);
});

test('images and recordings are counted, and embeddings have no output', () => {
  expect(expectedNeed({ ...SIZE, images: 2, audioSeconds: 4 }, LEARNED).input).toBe(250 + 3_200 + 1_000);
  expect(expectedNeed({ ...SIZE, hasOutput: false }, LEARNED).output).toBe(0);
});

test('the maximum is a token a byte, and as much output as the request or the model allows', () => {
  expect(maximumNeed(SIZE, undefined)).toEqual({ input: 1_064, output: 32_768 });
  expect(maximumNeed(SIZE, 8_192).output).toBe(8_192);
  expect(maximumNeed({ ...SIZE, askedTokens: 50 }, 8_192).output).toBe(50);
});

test('each kind of limit counts its part of the need', () => {
  const need = { input: 10, output: 5, cost: 900 };
  const kinds = ['cost', 'tokens', 'input_tokens', 'output_tokens', 'requests', 'concurrent'] as const;
  expect(kinds.map((kind) => amountOf(kind, need))).toEqual([900, 15, 10, 5, 1, 1]);
});
