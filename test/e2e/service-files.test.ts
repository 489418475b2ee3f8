import { describe, expect, test } from 'bun:test';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DEFAULTS } from '../../src/config/schema/defaults.ts';

const ROOT = join(import.meta.dir, '..', '..');
const UNIT = await Bun.file(join(ROOT, 'deploy/systemd/llm-proxy.service')).text();

/** The value of a setting in the unit. */
function setting(name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(UNIT)?.[1];
}

describe('whoever stops the program waits for as long as requests in flight may take', () => {
  test('systemd', () => {
    const [, delay] = /^Environment=LLM_PROXY_DRAIN_DELAY=(\d+)$/m.exec(UNIT) ?? [];
    expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(DEFAULTS.drainTimeoutSeconds + Number(delay));
    // systemd would signal the workers as well, but the first process is the one that stops them.
    expect(setting('KillMode')).toBe('mixed');
  });

  test('compose', async () => {
    const compose = parse(await Bun.file(join(ROOT, 'docker-compose.yml')).text()) as {
      services: Record<string, { stop_grace_period?: string; environment?: Record<string, string> }>;
    };
    const delay = compose.services['llm-proxy']?.environment?.['LLM_PROXY_DRAIN_DELAY'];
    const [, wait] = /:-(\d+)\}$/.exec(delay ?? '') ?? [];
    const [, seconds] = /^(\d+)s$/.exec(compose.services['llm-proxy']?.stop_grace_period ?? '') ?? [];
    expect(Number(seconds)).toBeGreaterThan(DEFAULTS.drainTimeoutSeconds + Number(wait));
  });

  test('the chart', async () => {
    const values = parse(await Bun.file(join(ROOT, 'deploy/helm/llm-proxy/values.yaml')).text()) as {
      drainSeconds: number;
    };
    expect(values.drainSeconds).toBe(DEFAULTS.drainTimeoutSeconds);
  });
});

test('compose gives the gateway its configuration and nothing else of the checkout, and Grafana no password that everybody knows', async () => {
  const { services } = parse(await Bun.file(join(ROOT, 'docker-compose.yml')).text()) as {
    services: Record<string, { volumes: string[]; ports?: string[]; environment?: Record<string, string> }>;
  };
  const folders = (services['llm-proxy']?.volumes ?? []).map((volume) => volume.split(':/')[0]);
  expect(folders).toEqual(['${LLM_PROXY_CONFIG_FOLDER:-./config}', 'data']);
  // The monitoring services listen only on this machine.
  for (const name of ['prometheus', 'grafana'])
    for (const port of services[name]?.ports ?? []) expect(port).toStartWith('127.0.0.1:');
  expect(services['grafana']?.environment?.['GF_SECURITY_ADMIN_PASSWORD']).toBe('${GRAFANA_PASSWORD:-}');
  expect(services['grafana']?.environment?.['GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION']).toContain('true');
});

const systemd = Bun.which('systemd-analyze');
if (systemd === null) console.error('There is no systemd: the unit is not given to it.');

describe.skipIf(systemd === null)('the unit', () => {
  /** The output of `systemd-analyze` for the unit. An existing program stands in for one that may not be installed. */
  async function analyzed(...args: readonly string[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-unit-'));
    const [program, path] = [join(folder, 'llm-proxy'), join(folder, 'llm-proxy.service')];
    await Bun.write(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
    await Bun.write(path, UNIT.replace('/usr/local/bin/llm-proxy ', `${program} `));
    const run = Bun.spawnSync([systemd ?? '', ...args, path]);
    await rm(folder, { recursive: true });
    return `${run.stdout.toString()}${run.stderr.toString()}exit code ${run.exitCode}`;
  }

  test('is one that systemd understands', async () => {
    expect(await analyzed('verify')).toBe('exit code 0');
  });

  test('leaves the program little to do damage with', async () => {
    const text = await analyzed('security', '--offline=true', '--no-pager');
    const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(text) ?? [];
    // 10 is a service without any hardening. The rest is the network and a compiler.
    expect(Number(exposure)).toBeLessThan(2);
  });
});
