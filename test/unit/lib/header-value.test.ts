import { expect, test } from 'bun:test';
import { headerValue } from '../../../src/lib/http/header-value.ts';

test('plain text stays as it is', () => {
  expect(headerValue('anthropic/claude-opus-4.5:free (a, b)')).toBe('anthropic/claude-opus-4.5:free (a, b)');
});

test('characters that a header cannot hold are encoded, so that no name can break an answer or add a field', () => {
  for (const text of ['模型', 'emoji 😀', 'two\r\nx-evil: 1', 'nul\u0000', 'lone \ud800 surrogate']) {
    const value = headerValue(text);
    expect(value).toMatch(/^[\x20-\x7e]*$/);
    expect(new Headers({ name: value }).get('name')).toBe(value);
  }
  expect(decodeURIComponent(headerValue('模型'))).toBe('模型');
});
