import type { BunPlugin } from 'bun';
import { Glob } from 'bun';
import { join } from 'node:path';

/**
 * Puts the files of the built console into the program, in place of `src/console/console-bundle.js`. Without a built
 * console the module stays as it is, and the program says that the console is not there.
 */
export async function packedConsole(folder: string): Promise<BunPlugin> {
  const packed: Record<string, string> = {};
  if (await Bun.file(join(folder, 'index.html')).exists()) {
    for await (const path of new Glob('**/*').scan(folder)) {
      if (!path.endsWith('.map'))
        packed[path.replaceAll('\\', '/')] = (await Bun.file(join(folder, path)).bytes()).toBase64();
    }
  } else
    console.error(
      'build: console/dist is missing, so the programs have no console; scripts/prepare-console.sh builds it.',
    );
  return {
    name: 'packed-console',
    setup(build) {
      build.onLoad({ filter: /[\\/]console[\\/]console-bundle\.js$/ }, () =>
        Object.keys(packed).length === 0
          ? undefined
          : { contents: `export const packed = ${JSON.stringify(packed)};`, loader: 'js' },
      );
    },
  };
}
