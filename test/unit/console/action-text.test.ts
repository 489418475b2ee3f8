import { expect, test } from 'bun:test';
import { actionText } from '../../../console/src/pages/config/action-text.ts';

/** Shows what is looked up. */
const t = ((text: string, blanks: Readonly<Record<string, unknown>> = {}) =>
  text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => String(blanks[name]))) as Parameters<
  typeof actionText
>[1];

test('an action of the history is a text of its own', () => {
  expect(actionText('create master_keys/alice', t)).toBe('Key alice created');
  expect(actionText('rollback to version 3', t)).toBe('Roll back to version 3');
  expect(actionText('create 12 master_keys', t)).toBe('12 keys created');
  expect(actionText('import the configuration', t)).toBe('Configuration imported');
  expect(actionText('import the demo', t)).toBe('Demo imported');
  expect(actionText('an action of a later version', t)).toBe('an action of a later version');
});
