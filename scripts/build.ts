import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { recordOrder } from './build/bytecode-order.ts';
import { executableFormat, HEAD_BYTES } from './build/executable-format.ts';
import { signed } from './build/mac-signature.ts';
import { packedConsole } from './build/packed-console.ts';
import { runtimeFor } from './build/runtime.ts';
import { hostTarget, TARGETS, type Target } from './build/target.ts';
import { THREADS } from './build/threads.ts';

const HELP = `Usage: bun scripts/build.ts [all | linux | darwin | windows | host | OS-ARCH]... [--outdir DIR]

Builds the program as single files that need neither Node.js nor Bun: dist/llm-proxy-{linux,darwin,windows}-{amd64,arm64}[.exe].`;

const ROOT = join(import.meta.dir, '..');

/** Builds the named targets, checks the results, and prints their sizes. */
async function main(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { outdir: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const targets = positionals.map(named);
  if (values.help === true || targets.length === 0 || targets.includes(undefined)) {
    console.error(HELP);
    return values.help === true ? 0 : 2;
  }
  const outdir = resolve(values.outdir ?? join(ROOT, 'dist'));
  await mkdir(outdir, { recursive: true });
  const workshop = await mkdtemp(join(outdir, '.build-'));
  try {
    const order = await recordedOrder(workshop);
    for (const target of new Set(targets.flatMap((some) => some ?? [])))
      await build(target, { outdir, workshop, order });
  } finally {
    await rm(workshop, { recursive: true });
  }
  return 0;
}

/**
 * Builds the program of this machine and records how it starts. Resolves with the file of the record, which applies to
 * every target. Where it cannot be made, programs have the usual order of their bytecode, and 6 MB more memory at rest.
 */
async function recordedOrder(workshop: string): Promise<string | undefined> {
  const host = hostTarget();
  const order = join(workshop, 'bytecode.order');
  const program = join(workshop, `recorded-${host?.file}`);
  if (host !== undefined) await compile(host, program, undefined);
  const problem = host === undefined ? 'there is none for it' : await recordOrder(program, order);
  if (problem === undefined) return order;
  console.error(
    `The order of the bytecode is the usual one: this machine's program cannot run (${problem}).`,
  );
  return undefined;
}

/** The targets that a word selects. Undefined if it selects none. */
function named(word: string): readonly Target[] | undefined {
  if (word === 'all') return TARGETS;
  const host = hostTarget();
  const found =
    word === 'host' ? host && [host] : TARGETS.filter(({ os, arch }) => [os, `${os}-${arch}`].includes(word));
  return found?.length === 0 ? undefined : found;
}

interface Workplace {
  readonly outdir: string;
  /** Bun leaves source maps beside its output, so the build runs in a folder of its own. */
  readonly workshop: string;
  /** See `recordedOrder`. */
  readonly order: string | undefined;
}

async function build(target: Target, { outdir, workshop, order }: Workplace): Promise<void> {
  const outfile = join(workshop, target.file);
  await compile(target, outfile, order);
  if (target.os === 'darwin') await Bun.write(outfile, signed(await Bun.file(outfile).bytes(), 'llm-proxy'));
  const sizeMb = (await check(target, outfile)) / 1e6;
  await rename(outfile, join(outdir, target.file));
  console.log(`${target.file.padEnd(28)} ${sizeMb.toFixed(1).padStart(6)} MB`);
}

/** How many times as often code has to run before it is compiled, until `interpreted-start.ts` ends the start. */
const RELUCTANCE = 20;

async function compile(target: Target, outfile: string, order: string | undefined): Promise<void> {
  await Bun.build({
    // Threads are separate programs. Without folders in their names, all end up in one folder.
    entrypoints: ['binary.ts', ...THREADS].map((file) => join(ROOT, 'src', file)),
    naming: { entry: '[name].[ext]' },
    plugins: [await packedConsole(join(ROOT, 'console', 'dist'))],
    target: 'bun',
    format: 'esm',
    // The first start of the program loads only what it needs to start itself again.
    splitting: true,
    minify: true,
    // Inside the program: stack traces name files and lines of src.
    sourcemap: 'linked',
    bytecode: true,
    compile: {
      target: target.bun,
      executablePath: await runtimeFor(target),
      outfile,
      bytecodeOrder: order ?? false,
      jitPolicy: RELUCTANCE,
      // The runtime must ignore the files in the program's working directory.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
}

/** Throws if the file is not for the intended system and processor. Resolves with its size in bytes. */
async function check({ os, arch }: Target, path: string): Promise<number> {
  const file = Bun.file(path);
  const format = executableFormat(await file.slice(0, HEAD_BYTES).bytes());
  if (format?.os !== os || format.arch !== arch)
    throw new Error(`${path} is not a program for ${os} on ${arch}.`);
  return file.size;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`build: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});
