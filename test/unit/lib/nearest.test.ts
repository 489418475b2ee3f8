import { expect, test } from 'bun:test';
import { nearest } from '../../../src/lib/nearest.ts';

const SETTINGS = ['api_base', 'api_key', 'weight', 'enabled', 'priority', 'url'];

test('a slip of the keyboard is found: a letter more, less, wrong, or in the wrong place', () => {
  expect(nearest('api_bsae', SETTINGS)).toBe('api_base');
  expect(nearest('api_bse', SETTINGS)).toBe('api_base');
  expect(nearest('wieght', SETTINGS)).toBe('weight');
  expect(nearest('enable', SETTINGS)).toBe('enabled');
  expect(nearest('prioritty', SETTINGS)).toBe('priority');
});

test('another way to write the same name is found', () => {
  expect(nearest('apiBase', SETTINGS)).toBe('api_base');
  expect(nearest('API-KEY', SETTINGS)).toBe('api_key');
});

test('the nearest of several wins', () =>
  expect(nearest('gpt-4o', ['gpt-4', 'gpt-4o-mini', 'gpt4o'])).toBe('gpt4o'));

test('a distant name is not suggested', () => {
  expect(nearest('google/gemini-3-pro-preview', ['anthropic/claude-sonnet-4-5'])).toBeUndefined();
  expect(nearest('xy', ['ab'])).toBeUndefined();
  expect(nearest('', SETTINGS)).toBeUndefined();
  expect(nearest('weight', [])).toBeUndefined();
});
