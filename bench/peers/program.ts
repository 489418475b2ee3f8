import { join } from 'node:path';

/** The folder into which `bench/install` installs peers that are not Debian packages. */
export const CACHE = join(import.meta.dir, '..', '.cache');

/** The path of an installed program. Servers are often outside a user's PATH. */
export function findProgram(name: string): string | undefined {
  return Bun.which(name, { PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` }) ?? undefined;
}

/** The first line that a command prints. */
export function firstLine(command: string[]): string {
  const { stdout, stderr } = Bun.spawnSync(command);
  return `${stdout.toString()}${stderr.toString()}`.trim().split('\n')[0] ?? '';
}
