import { describe, expect, test } from 'bun:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { hashKey } from '../../../src/config/compile-access.ts';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { formatProblem } from '../../../src/config/problems.ts';
import { configSchema } from '../../../src/config/schema.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';

const ROOT = new URL('../../../', import.meta.url);
const text = (path: string) => Bun.file(new URL(path, ROOT)).text();

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

  test('names every setting that there is', async () => {
    const example = await text('config.example.yaml');
    const missing = settingsOf(configSchema).filter((name) => !new RegExp(`\\b${name}\\b`).test(example));
    expect(missing).toEqual([]);
  });

  test('says the defaults where it sets them', async () => {
    const settings = [
      'max_body_mb: 64',
      'drain_timeout: 300',
      'cooldown_seconds: 30',
      'connect_timeout: 10',
      'port: 18000',
    ];
    const example = await text('config.example.yaml');
    expect(settings.filter((setting) => !example.includes(setting))).toEqual([]);
  });
});

describe('config.schema.json', () => {
  test('is what the schema makes it: run `npm run generate`', async () => {
    expect(JSON.parse(await text('config.schema.json'))).toEqual(
      JSON.parse(JSON.stringify(configJsonSchema())),
    );
  });

  test('accepts every configuration file of the repository, and refuses unknown settings', async () => {
    const schema = z.fromJSONSchema(JSON.parse(await text('config.schema.json')));
    for (const path of [
      'config.example.yaml',
      'test/golden/config/seed-a.yaml',
      'test/golden/config/seed-b.yaml',
    ]) {
      expect([path, schema.safeParse(parse(await text(path))).error?.issues]).toEqual([path, undefined]);
    }
    expect(schema.safeParse({ server: { port: '${PORT}' }, workers: 'auto' }).success).toBe(true);
    expect(schema.safeParse({ server: { port: '80' } }).success).toBe(false);
    expect(schema.safeParse({ server: { prot: 80 } }).success).toBe(false);
  });

  test('has a description for every setting', () => {
    const missing: string[] = [];
    const visit = (node: unknown, path: string) => {
      if (typeof node !== 'object' || node === null) return;
      const { properties, ...rest } = node as { properties?: Record<string, { description?: string }> };
      for (const [name, property] of Object.entries(properties ?? {})) {
        if (typeof property.description !== 'string' || property.description.length < 10)
          missing.push(`${path}.${name}`);
        visit(property, `${path}.${name}`);
      }
      for (const value of Object.values(rest)) visit(value, path);
    };
    visit(configJsonSchema(), '');
    expect(missing).toEqual([]);
  });
});

/** The names of all settings in a schema, at any depth. */
function settingsOf(schema: unknown): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return settingsOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return settingsOf(schema.element);
  if (schema instanceof z.ZodRecord) return settingsOf(schema.valueType);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, inner]) => [name, ...settingsOf(inner)]);
}
