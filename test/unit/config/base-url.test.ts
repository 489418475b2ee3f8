import { expect, test } from 'bun:test';
import { readBaseUrl } from '../../../src/config/compile/base-url.ts';
import { snapshotOf } from './configuration.ts';

test('a base URL loses the slashes at its end and keeps its path', () => {
  expect(readBaseUrl('https://A.test/v1//')).toMatchObject({ url: 'https://a.test/v1' });
  expect(readBaseUrl('https://a.test')).toMatchObject({ url: 'https://a.test' });
  expect(readBaseUrl('http://127.0.0.1:11434/api/v1')).toMatchObject({
    url: 'http://127.0.0.1:11434/api/v1',
  });
});

test('link-local and metadata addresses are refused however they are written', () => {
  const hosts = [
    '169.254.169.254',
    '169.254.0.1.',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[fe80::1]',
    '[febf::1]',
    '[::ffff:169.254.169.254]',
    '[fd00:ec2::254]',
    'metadata.google.internal',
    'METADATA.google.internal.',
    '100.100.100.200',
  ];
  for (const host of hosts) expect([host, readBaseUrl(`http://${host}/v1`).kind]).toEqual([host, 'invalid']);
});

test('private addresses are fine, and plain http there is no reason to warn', () => {
  const hosts = [
    '127.0.0.1',
    '10.1.2.3',
    '172.20.0.1',
    '192.168.0.9',
    '100.64.0.1',
    '[::1]',
    '[fd12::1]',
    'vllm',
    'gpu.local',
  ];
  for (const host of hosts)
    expect(readBaseUrl(`http://${host}:8000`)).toMatchObject({ kind: 'valid', isPlainPublic: false });
});

test('a key that would cross the internet unencrypted gives a warning', () => {
  const warnings = (provider: string) =>
    snapshotOf(`proxy_api_key: sk-test\nproviders: [{name: a, ${provider}}]`).warnings;
  const warning = 'Provider "a" is called over plain http: its key can be read on the way.';
  expect(warnings('api_base: "http://api.example.com", api_key: sk-x')).toEqual([warning]);
  expect(warnings('api_base: "http://172.15.0.1", api_key: sk-x')).toEqual([warning]);
  expect(warnings('api_base: "http://api.example.com"')).toEqual([]);
  expect(warnings('api_base: "https://api.example.com", api_key: sk-x')).toEqual([]);
});
