import { expect, test } from 'bun:test';
import { cp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../e2e/process.ts';
import { BUNDLER, copyCheckout, linkPackages } from './checkout.ts';
import { ROOT } from './pages.ts';

const isInstalled = existsSync(join(ROOT, 'console/node_modules'));
const PARTS = ['build.ts', 'package.json', 'package-lock.json', 'tsconfig.json', 'src'];

test.skipIf(!isInstalled)(
  './run.sh in a fresh checkout prepares the console, and the bundle for the next start, while the gateway serves already',
  async () => {
    const folder = await copyCheckout();
    for (const part of PARTS)
      await cp(join(ROOT, 'console', part), join(folder, 'console', part), { recursive: true });
    await linkPackages(folder, 'console', '.installed');
    await cp(join(ROOT, BUNDLER), join(folder, BUNDLER));
    const bundle = join(folder, 'node_modules', '.bundle', 'main.ts');
    const program = startProcess(['--port', '0'], { program: join(folder, 'run.sh'), cwd: folder });
    try {
      const [, url = ''] = await program.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
      let page = await fetch(`${url}/console`);
      for (let turn = 0; turn < 600 && page.status === 503; turn++) {
        await Bun.sleep(100);
        page = await fetch(`${url}/console`);
      }
      expect(page.status).toBe(200);
      const [, script = ''] = /src="(?:\.\/)?(assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
      expect((await fetch(`${url}/console/${script}`)).status).toBe(200);
      for (let turn = 0; turn < 600 && !existsSync(bundle); turn++) await Bun.sleep(100);
      expect(existsSync(bundle)).toBe(true);
      // The gateway says nothing of the build, which went well.
      expect(program.stderr()).not.toContain('console could not be built');
    } finally {
      program.kill();
      await program.exited;
      await rm(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
