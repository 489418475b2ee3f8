import { describe, expect, test } from 'bun:test';
import { readListPage } from '../../../src/models/provider-list.ts';

describe('a page of models is read', () => {
  test("in OpenAI's shape, and without what can't be asked for", () => {
    const data = [
      { id: 'gpt', object: 'model', created: 7, owned_by: 'openai' },
      { id: 'x'.repeat(513) },
      { id: '' },
      { object: 'model' },
      null,
      'gpt',
    ];
    expect(readListPage(JSON.stringify({ object: 'list', data }))).toEqual({
      models: [{ id: 'gpt', displayName: undefined, createdS: 7, ownedBy: 'openai' }],
      next: undefined,
    });
  });

  test("in Anthropic's, which goes on behind the last id", () => {
    const data = [{ type: 'model', id: 'c', display_name: 'C', created_at: '1970-01-01T00:01:00Z' }];
    expect(readListPage(JSON.stringify({ data, has_more: true, last_id: 'c&d' }))).toEqual({
      models: [{ id: 'c', displayName: 'C', createdS: 60, ownedBy: undefined }],
      next: '?limit=1000&after_id=c%26d',
    });
  });

  test("in Google's, whose names have a prefix", () => {
    const text = JSON.stringify({ models: [{ name: 'models/g', displayName: 'G' }], nextPageToken: 't' });
    expect(readListPage(text)).toEqual({
      models: [{ id: 'g', displayName: 'G', createdS: undefined, ownedBy: undefined }],
      next: '?pageSize=1000&pageToken=t',
    });
  });

  test('as a bare array', () =>
    expect(readListPage('[{"id":"t"}]')?.models.map(({ id }) => id)).toEqual(['t']));

  for (const text of ['', 'x', '<html>', '{}', '{"data":{}}', '1', 'null'])
    test(`${JSON.stringify(text)} is none`, () => expect(readListPage(text)).toBeUndefined());
});
