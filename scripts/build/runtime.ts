import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from './target.ts';

const ROOT = join(import.meta.dir, '..', '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'runtimes');

/**
 * The path of Bun's executable for a target, in the version that `package-lock.json` names. The one that npm installed
 * for this machine is used where it fits; another one is fetched with npm, once.
 */
export async function runtimeFor(target: Target): Promise<string> {
  return installed(target) ?? (await fetched(target));
}

/** npm installs the package of this machine alone, and its script moves the executable into the package `bun`. */
function installed({ runtime }: Target): string | undefined {
  const modules = join(ROOT, 'node_modules');
  const places = [join(modules, 'bun', 'bin', 'bun.exe'), join(modules, runtime, 'bin', 'bun')];
  const isForTarget = existsSync(join(modules, runtime)) && places.includes(process.execPath);
  return isForTarget ? process.execPath : undefined;
}

async function fetched({ runtime, os }: Target): Promise<string> {
  const { version, integrity } = await locked(runtime);
  const path = join(CACHE, `${runtime.replace('@oven/', '')}-${version}${os === 'windows' ? '.exe' : ''}`);
  if (existsSync(path)) return path;
  console.error(`Fetching ${runtime} ${version} (once) ...`);
  const archive = await pack(`${runtime}@${version}`);
  const [algorithm = '', digest] = integrity.split(/-(.*)/s);
  if (createHash(algorithm).update(archive).digest('base64') !== digest) {
    throw new Error(`${runtime} ${version} is not the package that package-lock.json names.`);
  }
  await place(await executableIn(archive, runtime), path);
  return path;
}

interface Locked {
  readonly version: string;
  /** As in `integrity` of HTML: an algorithm, `-`, and the digest in base64. */
  readonly integrity: string;
}

async function locked(name: string): Promise<Locked> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>;
  };
  const found = lock.packages[`node_modules/${name}`];
  if (found === undefined) throw new Error(`package-lock.json does not name ${name}.`);
  return found;
}

/** The package's archive, from the registry in npm's settings. */
async function pack(spec: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-runtime-'));
  try {
    const shell = process.platform === 'win32' ? ['cmd', '/c'] : [];
    const npm = Bun.spawn([...shell, 'npm', 'pack', spec, '--json', '--pack-destination', folder], {
      cwd: ROOT,
      stdout: 'pipe',
      stderr: 'inherit',
    });
    const answer = await new Response(npm.stdout).text();
    if ((await npm.exited) !== 0) throw new Error(`"npm pack ${spec}" failed.`);
    const [file] = JSON.parse(answer) as { filename: string }[];
    return await readFile(join(folder, file?.filename ?? ''));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function executableIn(archive: Uint8Array, runtime: string): Promise<Uint8Array> {
  const files = await new Bun.Archive(archive).files('package/bin/*');
  const [executable] = files.values();
  if (executable === undefined) throw new Error(`${runtime} has no executable.`);
  return executable.bytes();
}

/** Writes the file completely or not at all, so that an interrupted build leaves no partial file to the next one. */
async function place(executable: Uint8Array, path: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, executable);
  await chmod(unfinished, 0o755);
  await rename(unfinished, path);
}
