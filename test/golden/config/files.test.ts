import { describe, expect, test } from 'bun:test';
import { hashKey } from '../../../src/config/compile/compile-access.ts';
import { loadConfig } from '../../../src/config/read/load.ts';
import { formatProblem } from '../../../src/config/read/problems.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';

const ROOT = new URL('../../../', import.meta.url);

async function load(path: string, env: Record<string, string> = {}): Promise<Snapshot> {
  const result = await loadConfig({
    path: new URL(path, ROOT).pathname,
    env,
    overrides: {},
    version: 1,
    now: new Date(0),
  });
  if (result.kind === 'refused') throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.snapshot;
}

const SEED_A = await load('test/golden/config/seed-a.yaml');
const SEED_B = await load('test/golden/config/seed-b.yaml');

describe('the first README’s config.yaml', () => {
  const snapshot = SEED_A;

  test('listens where it says', () => {
    expect([snapshot.server.host, snapshot.server.port]).toEqual(['0.0.0.0', 8000]);
  });

  test('serves any model from both providers in turn', () => {
    const model = snapshot.findModel('gpt-3.5-turbo');
    expect(model?.routes).toEqual([
      {
        id: 'provider1/gpt-3.5-turbo',
        provider: 'provider1',
        upstreamModel: 'gpt-3.5-turbo',
        priority: 1,
        weight: 1,
      },
      {
        id: 'provider2/gpt-3.5-turbo',
        provider: 'provider2',
        upstreamModel: 'gpt-3.5-turbo',
        priority: 1,
        weight: 1,
      },
    ]);
    expect([model?.strategy, model?.fallbacks]).toEqual(['round_robin', []]);
    expect(snapshot.providers.get('provider2')?.apiKey).toBe('sk-your-api-key-2');
  });

  test('has a key with a limit and one without, and keeps the list of models to them', () => {
    if (snapshot.access.kind !== 'keys') throw new Error('open');
    expect(snapshot.access.publicModels).toBe(false);
    expect(snapshot.access.keys.get(hashKey('sk-prod-key'))).toMatchObject({
      name: 'Production Key',
      limit: { ratePerSecond: 100, burst: 150 },
      unrestricted: true,
    });
    expect(snapshot.access.keys.get(hashKey('sk-unlimited-key'))?.limit).toBeUndefined();
    expect(snapshot.warnings).toEqual([]);
  });
});

describe('the second README’s config.yaml', () => {
  const snapshot = SEED_B;

  test('listens where it says, with one key and an open list of models', () => {
    expect([snapshot.server.host, snapshot.server.port]).toEqual(['0.0.0.0', 8080]);
    if (snapshot.access.kind !== 'keys') throw new Error('open');
    expect(snapshot.access.publicModels).toBe(true);
    expect([...snapshot.access.keys.values()].map(({ name, limit }) => [name, limit])).toEqual([
      ['default', undefined],
    ]);
  });

  test('serves the two models from the enabled provider alone, at random', () => {
    expect([...snapshot.models.keys()]).toEqual(['anthropic/claude-opus-4-5', 'anthropic/claude-sonnet-4-5']);
    const opus = snapshot.findModel('anthropic/claude-opus-4-5');
    expect(opus?.routes.map(({ id, priority }) => [id, priority])).toEqual([
      ['provider-a/claude-opus-4-5', 1],
    ]);
    expect(opus?.strategy).toBe('random');
    expect([...snapshot.providers.keys()]).toEqual(['provider-a']);
    expect(snapshot.findModel('gpt-4')).toBeUndefined();
  });

  test('falls back from opus to sonnet, and skips the model that it does not define with a warning', () => {
    const names = (name: string) => snapshot.findModel(name)?.fallbacks.map((model) => model.name);
    expect(names('anthropic/claude-opus-4-5')).toEqual(['anthropic/claude-sonnet-4-5']);
    expect(names('anthropic/claude-sonnet-4-5')).toEqual([]);
    expect(snapshot.warnings).toHaveLength(2);
    expect(snapshot.warnings[0]).toContain('google/gemini-3-pro-preview');
  });

  test('cools down, retries, detects and logs as it says', () => {
    expect(snapshot.cooldown.cooldownMs).toBe(300_000);
    expect(snapshot.retry.maxAttempts).toBe(3);
    expect([200, 404, 503].map(snapshot.detection.isErrorStatus)).toEqual([false, true, true]);
    expect(snapshot.detection.errorPatterns).toEqual([
      'insufficient_quota',
      'rate_limit',
      'exceeded',
      'billing',
      'quota',
    ]);
    expect(snapshot.logging).toMatchObject({
      level: 'info',
      generalFile: './logs/proxy.log',
      separateFiles: false,
      requestDir: './logs/requests',
      errorDir: './logs/errors',
      maskSensitive: true,
      enableMetrics: false,
      maxFileBytes: 100 * 1024 * 1024,
    });
  });
});

describe('config.example.yaml', () => {
  test('loads without a warning once its key is set', async () => {
    const snapshot = await load('config.example.yaml', { LLM_PROXY_KEY: 'sk-0123456789abcdef' });
    expect(snapshot.warnings).toEqual([]);
    expect(snapshot.providers.get('openai')?.apiKey).toBeUndefined();
    expect(snapshot.findModel('gpt-4o')?.fallbacks.map(({ name }) => name)).toEqual([
      'deepseek-chat',
      'local/chat',
    ]);
  });
});
