import { expect, test } from 'bun:test';
import { openStreams } from './open-streams.ts';

test('400 streams are open at the same time through one process', async () => {
  expect(await openStreams(400)).toBe(400);
});
