import { expect, test } from 'bun:test';
import { TurnCounter } from '../../../src/routing/turn-counter.ts';

test('each rotation counts for itself, from 0', () => {
  const turns = new TurnCounter();
  expect([turns.next('a'), turns.next('a'), turns.next('b'), turns.next('a')]).toEqual([0, 1, 0, 2]);
});
