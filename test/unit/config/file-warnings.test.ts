import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMissingAuthorities, findWeakKeys } from '../../../src/config/read/file-warnings.ts';
import { snapshotOf } from './configuration.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('keys that are easily guessed are named, without the key', () => {
  const keys = ['abc', 'changeme-1', 'aaaaaaaaaaaa', 'sk-enough', `sha256:${'0'.repeat(64)}`];
  const file = { proxy_api_key: 'x', master_keys: keys.map((key, index) => ({ name: `k${index}`, key })) };
  const warnings = findWeakKeys(file);
  expect(warnings.map((text) => text.slice(0, 35))).toEqual([
    'Key "default" is easily guessed: it',
    'Key "k0" is easily guessed: it has ',
    'Key "k1" is easily guessed: it is a',
    'Key "k2" is easily guessed: it is a',
  ]);
  for (const key of keys.slice(0, 3)) expect(warnings.join()).not.toContain(key);
});

test('files of authorities that are missing or hold none are named, without what is in them', async () => {
  await writeFile(join(folder, 'secret.txt'), 'canary');
  await writeFile(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
  const snapshot = snapshotOf(`
proxy_api_key: sk-test-key
providers:
  - {name: fine, api_base: "https://a.test", ca_file: "${folder}/ca.pem"}
  - {name: missing, api_base: "https://a.test", ca_file: "${folder}/none.pem"}
  - {name: folder, api_base: "https://a.test", ca_file: "${folder}"}
  - {name: text, api_base: "https://a.test", ca_file: "${folder}/secret.txt"}
`);
  expect(await findMissingAuthorities(snapshot)).toEqual([
    'Provider "missing" has a ca_file that cannot be read (ENOENT): requests to it will fail.',
    'Provider "folder" has a ca_file that cannot be read (EISDIR): requests to it will fail.',
    'Provider "text" has a ca_file that holds no certificate in PEM form: requests to it will fail.',
  ]);
});
