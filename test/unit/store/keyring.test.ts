import { expect, test } from 'bun:test';
import { createKeyring, SealBroken } from '../../../src/store/keyring.ts';

const keyring = createKeyring({ current: 'the first passphrase' });

test('a sealed value opens in its own place, and looks different each time', () => {
  const [first, second] = [keyring.seal('sk-秘密 🔑', 'here'), keyring.seal('sk-秘密 🔑', 'here')];
  expect(first).not.toBe(second);
  expect(keyring.open(first, 'here')).toBe('sk-秘密 🔑');
  expect(keyring.open(keyring.seal('', 'here'), 'here')).toBe('');
});

test('a value that was moved to another place does not open', () => {
  expect(() => keyring.open(keyring.seal('secret', 'providers/a'), 'providers/b')).toThrow(SealBroken);
});

test('a value with any one character changed does not open', () => {
  const sealed = keyring.seal('secret', 'here');
  for (let at = 0; at < sealed.length - 1; at++) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    // The last character of a base64 text may have bits without meaning. All other bits count.
    const isSame = Buffer.from(changed.split('.')[3] ?? '', 'base64url').equals(
      Buffer.from(sealed.split('.')[3]!, 'base64url'),
    );
    if (isSame && changed.split('.').slice(0, 3).join() === sealed.split('.').slice(0, 3).join()) continue;
    expect(() => keyring.open(changed, 'here')).toThrow(SealBroken);
  }
});

test('a new passphrase opens what a former one has sealed, if it is given, and seals with its own', () => {
  const sealed = keyring.seal('secret', 'here');
  const both = createKeyring({ current: 'the second passphrase', former: ['the first passphrase'] });
  expect(both.open(sealed, 'here')).toBe('secret');
  const anew = both.seal('secret', 'here');
  expect(anew).toContain(both.keyId);
  expect(() => keyring.open(anew, 'here')).toThrow(both.keyId);
});
