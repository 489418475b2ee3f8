import { expect, test } from 'bun:test';
import { STATUS_CODES } from 'node:http';
import { REASON_PHRASES } from '../../../src/http1/reason-phrases.ts';

test('reason phrases are those of node:http', () => {
  expect(REASON_PHRASES as object).toEqual(STATUS_CODES);
});
