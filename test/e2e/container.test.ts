import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuiltProgram, buildProgram } from './built-program.ts';
import { until } from './gateway.ts';

// There may be no container engine, so the test assembles the image by hand: the files that the Dockerfile copies, a shell, and the
// libraries that the program needs. It runs as the Dockerfile says: as that user, in that folder, with that entry
// point, on a file system in which only the volume is writable.

const ROOT = join(import.meta.dir, '..', '..');

/** Only root may do this, and not in every sandbox. */
const isPossible =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  Bun.which('unshare') !== null &&
  Bun.spawnSync(['unshare', '--mount', 'mount', '--make-rprivate', '/']).exitCode === 0;
if (!isPossible) console.error('No mounts of its own: the test of the container image is skipped.');

const INSIDE = `set -e
mount --make-rprivate /
mount --bind "$0" "$0"
mount -o remount,ro,bind "$0"
mount -t tmpfs -o "uid=\${USER%:*},gid=\${USER#*:}" data "$0$FOLDER"
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
cd "$0$FOLDER"
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C.UTF-8 $SETTINGS chroot --userspec="$USER" "$0" /bin/sh -c 'cd "$0"; exec "$@"' "$FOLDER" "$@"`;

let built: BuiltProgram;
let image: string;
let dockerfile: string;

beforeAll(async () => {
  if (!isPossible) return;
  built = await buildProgram();
  dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  image = await mkdtemp(join(tmpdir(), 'llm-proxy-image-'));
  for (const folder of ['usr/local/bin', 'bin', 'dev', 'proc', instruction('WORKDIR')]) {
    await mkdir(join(image, folder), { recursive: true });
  }
  await copyFile(built.path, join(image, 'usr/local/bin/llm-proxy'));
  const entrypoint = join(image, 'usr/local/bin/entrypoint.sh');
  await copyFile(join(ROOT, 'deploy/docker/entrypoint.sh'), entrypoint);
  await chmod(entrypoint, 0o755);
  await cp('/bin/sh', join(image, 'bin/sh'), { dereference: true });
  for (const library of new Set([...librariesOf(built.path), ...librariesOf('/bin/sh')])) {
    await mkdir(dirname(join(image, library)), { recursive: true });
    await cp(library, join(image, library), { dereference: true });
  }
  await chmod(image, 0o755);
});

afterAll(async () => {
  if (!isPossible) return;
  await Promise.all([built.remove(), rm(image, { recursive: true })]);
});

function librariesOf(program: string): string[] {
  const text = Bun.spawnSync(['ldd', program]).stdout.toString();
  return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? '');
}

/** The arguments of the last instruction with this name. */
function instruction(name: string): string {
  const text = [...dockerfile.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].at(-1)?.[1];
  if (text === undefined) throw new Error(`the Dockerfile has no ${name}`);
  return text;
}

/** Writes a configuration with one provider to the image's configuration path. */
async function configure(settings: string): Promise<void> {
  await mkdir(join(image, 'config'), { recursive: true });
  await Bun.write(
    join(image, 'config/config.yaml'),
    `providers: [{ name: a, api_base: "http://127.0.0.1:9" }]\n${settings}`,
  );
}

function run(command: readonly string[], settings: string): Bun.Subprocess<'ignore', 'pipe', 'pipe'> {
  return Bun.spawn(
    ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', INSIDE, image, ...command],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        SETTINGS: settings,
        USER: instruction('USER'),
        FOLDER: instruction('WORKDIR'),
      },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test.skipIf(!isPossible)(
  'the image serves its configuration without rights, and its health check follows the port and tells when it has ended',
  async () => {
    expect(instruction('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const entrypoint = JSON.parse(instruction('ENTRYPOINT')) as string[];
    const check = JSON.parse(/CMD (\[.*\])$/.exec(instruction('HEALTHCHECK'))?.[1] ?? '') as string[];
    const port = await freePort();
    await configure(`server: { host: 127.0.0.1, port: 18000 }\nallow_unauthenticated: true\n`);
    // In separate containers, each has its own path for it.
    const settings = `LLM_PROXY_ADDRESS_FILE=/dev/shm/llm-proxy-test-${port}`;
    const isHealthy = async (): Promise<boolean> => (await run(check, settings).exited) === 0;

    const container = run([...entrypoint, '--port', String(port)], settings);
    while (!(await isHealthy())) expect(container.exitCode).toBeNull();
    // A loopback address in the configuration is unreachable from outside the container, so the program listens on both families.
    for (const host of ['127.0.0.1', ...(existsSync('/proc/net/if_inet6') ? ['[::1]'] : [])]) {
      expect((await fetch(`http://${host}:${port}/healthz`)).status).toBe(200);
    }

    // The first process of the namespace is the program itself, because the shell replaces itself with it.
    const [pid] = Bun.spawnSync(['pgrep', '-P', String(container.pid)])
      .stdout.toString()
      .split('\n');
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toStartWith('/usr/local/bin/llm-proxy\0serve\0');
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m);
    process.kill(Number(pid), 'SIGTERM');
    await until(() => container.exitCode !== null || undefined);
    expect(container.exitCode).toBe(0);
    expect(await isHealthy()).toBe(false);
  },
);

test.skipIf(!isPossible)(
  'the image without a configuration ends with one line, and serves no demo',
  async () => {
    await rm(join(image, 'config'), { recursive: true, force: true });
    const entrypoint = JSON.parse(instruction('ENTRYPOINT')) as string[];
    for (const [settings, said] of [
      ['PORT=0', 'Mount the folder with config.yaml at /config'],
      ['DB_URL_FILE=/run/secrets/none', 'DB_URL_FILE: the file /run/secrets/none does not exist'],
    ] as const) {
      const container = run(entrypoint, settings);
      expect(await new Response(container.stderr).text()).toContain(said);
      expect(await container.exited).toBe(1);
    }
  },
);

test.skipIf(!isPossible)(
  'the image runs every command, and keeps a database in its volume alone',
  async () => {
    const entrypoint = JSON.parse(instruction('ENTRYPOINT')) as string[];
    const version = run([...entrypoint, '--version'], '');
    expect(await new Response(version.stdout).text()).toMatch(/^\d+\.\d+\.\d+\n$/);
    const settings = 'DB_URL=sqlite://proxy.db ADMIN_KEY=4f1c7a52-admin-9d0e3b86f7';
    const migrate = run([...entrypoint, 'migrate', 'up'], settings);
    expect(await migrate.exited).toBe(0);
    const elsewhere = run([...entrypoint, 'migrate', 'up'], settings.replace('proxy.db', '/proxy.db'));
    expect(await elsewhere.exited).toBe(1);
  },
);
