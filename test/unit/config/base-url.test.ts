import { expect, test } from 'bun:test';
import { readBaseUrl } from '../../../src/config/compile/base-url.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

test('a base URL loses the slashes at its end and keeps its path', () => {
  expect(readBaseUrl('https://A.test/v1//')).toMatchObject({ url: 'https://a.test/v1' });
  expect(readBaseUrl('https://a.test')).toMatchObject({ url: 'https://a.test' });
  expect(readBaseUrl('http://127.0.0.1:11434/api/v1')).toMatchObject({
    url: 'http://127.0.0.1:11434/api/v1',
  });
});

test('a base URL without a host is refused, and not called at the first segment of its path', () => {
  for (const base of ['http:///v1', 'https:////api.test/v1', 'HTTP:///v1', 'http:\\\\\\v1', ' http:/\t\\/v1'])
    expect(readBaseUrl(base)).toEqual({
      kind: 'invalid',
      message: 'names no host; write it like https://api.example.com/v1',
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

test('the proxy of a provider is checked like its base URL', () => {
  const findingsOf = (proxy: string) =>
    problemsOf(
      `proxy_api_key: sk-test\nproviders: [{name: a, api_base: "https://a.test", proxy: "${proxy}"}]`,
    );
  for (const host of ['169.254.169.254:80', 'metadata.google.internal', '[64:ff9b::a9fe:a9fe]'])
    expect(findingsOf(`http://${host}`)).toEqual([
      expect.stringContaining('providers[0].proxy: is a link-local'),
    ]);
  expect(findingsOf('http:///proxy')).toEqual([
    expect.stringContaining('providers[0].proxy: is not the URL of an HTTP proxy'),
  ]);
  expect(findingsOf('http://10.0.0.1:3128')).toEqual([]);
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
  const warning = 'Provider "a" is called over plain http: its key can be intercepted.';
  expect(warnings('api_base: "http://api.example.com", api_key: sk-x')).toEqual([warning]);
  expect(warnings('api_base: "http://172.15.0.1", api_key: sk-x')).toEqual([warning]);
  expect(warnings('api_base: "http://api.example.com"')).toEqual([]);
  expect(warnings('api_base: "https://api.example.com", api_key: sk-x')).toEqual([]);
});
