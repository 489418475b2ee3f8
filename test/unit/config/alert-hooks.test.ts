import { expect, test } from 'bun:test';
import { problemsOf, snapshotOf } from './configuration.ts';

const config = (url: string): string =>
  `providers: []\nallow_unauthenticated: true\nalerts: [{ url: "${url}" }]`;

test.each(['https://hooks.example.com/llm?token=1', 'http://10.0.0.7:9093/hook', 'http://localhost:9000/'])(
  'a webhook may be at %s',
  (url) => {
    expect(snapshotOf(config(url)).alerts).toMatchObject([{ url, secret: undefined }]);
  },
);

test.each([
  ['http://169.254.169.254/latest/', 'link-local or metadata address'],
  ['http://metadata.google.internal/', 'link-local or metadata address'],
  ['http://[::ffff:a9fe:a9fe]/', 'link-local or metadata address'],
  ['https://user:password@hooks.example.com/', 'must not hold a user name or password'],
  ['https://', 'is not a URL'],
  ['https:///hooks/llm', 'is not a URL'],
])('a webhook may not be at %s', (url, problem) => {
  const problems = problemsOf(config(url));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('alerts[0].url');
  expect(problems[0]).toContain(problem);
});
