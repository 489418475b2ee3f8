import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { chat } from './gateway.ts';
import { startProcess } from './process.ts';

const ROOT = join(import.meta.dir, '..', '..');

/** The runtime comes from npm's registry. */
const isReachable =
  Bun.which('npm') !== null &&
  Bun.spawnSync(
    [
      'npm',
      'view',
      `bun@${manifest.dependencies.bun}`,
      'version',
      '--fetch-retries=0',
      '--fetch-timeout=10000',
    ],
    { cwd: ROOT },
  ).exitCode === 0;
if (!isReachable) console.error("npm's registry is out of reach: the test of the package is skipped.");

/** A folder for the installation, with nothing else in it but a copy of npm's settings. */
let folder: string;

async function npm(...args: readonly string[]): Promise<string> {
  const run = Bun.spawn(['npm', ...args], { cwd: folder, stdout: 'pipe', stderr: 'pipe' });
  const [stdout, stderr] = await Promise.all([
    new Response(run.stdout).text(),
    new Response(run.stderr).text(),
  ]);
  if ((await run.exited) !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  return stdout;
}

beforeAll(async () => {
  if (!isReachable) return;
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-package-'));
  await cp(join(ROOT, '.npmrc'), join(folder, '.npmrc'));
  await npm('pack', ROOT, '--silent');
  await npm('install', `./llm-proxy-${manifest.version}.tgz`);
}, 300_000);

afterAll(async () => {
  if (isReachable) await rm(folder, { recursive: true });
});

test("nobody is told to install the name in npm's registry, which is another program's, and nothing is published there", async () => {
  expect(manifest.private).toBe(true);
  const files = new Bun.Glob('{README*.md,CONTRIBUTING.md,docs/*.md,.github/workflows/*.yml}');
  for await (const path of files.scan({ cwd: ROOT, dot: true })) {
    const text = await Bun.file(join(ROOT, path)).text();
    const told = text.match(
      /\bnpm (?:install|i|add|exec) (?:\S+ )*llm-proxy\b|\bnpx llm-proxy\b|\bnpm publish\b/g,
    );
    expect([path, told]).toEqual([path, null]);
  }
});

describe.skipIf(!isReachable)('the package, installed into an empty folder', () => {
  test('has what users read and the program, and nothing of its development', async () => {
    const listed = JSON.parse(await npm('pack', ROOT, '--json', '--dry-run')) as {
      files: { path: string }[];
    }[];
    const tops = new Set(listed[0]?.files.map(({ path }) => path.replace(/\/.*/, '')));
    for (const wanted of [
      'bin',
      'src',
      'docs',
      'README.md',
      'LICENSE',
      'config.example.yaml',
      'config.schema.json',
    ])
      expect(tops).toContain(wanted);
    for (const kept of ['test', 'bench', 'scripts', '.ci', '.github', 'node_modules', 'deploy'])
      expect(tops).not.toContain(kept);
  });

  test('knows its version', async () => {
    expect(await npm('exec', '--offline', '--', 'llm-proxy', '--version')).toBe(`${manifest.version}\n`);
  });

  test('starts the demo, whose stream comes to its end, and is ended in order', async () => {
    const program = startProcess(['--port', '0'], {
      program: join(folder, 'node_modules', '.bin', 'llm-proxy'),
      cwd: folder,
    });
    const [, url = ''] = await program.printed(/gateway +(http:\/\/[^\s/]+)/);
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-demo-key', 'content-type': 'application/json' },
      body: JSON.stringify(chat('demo', { stream: true })),
    });
    expect(await answer.text()).toEndWith('data: [DONE]\n\n');
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
  });
});
