import { expect, test } from 'bun:test';
import { join } from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dir, '..', '..', '..');

test.skipIf(Bun.which('npm') === null)(
  'a release lists the packages that the program is made of, and no other',
  () => {
    const run = Bun.spawnSync([join(ROOT, 'scripts/release/sbom.sh')], { stderr: 'inherit' });
    const { metadata, components } = JSON.parse(run.stdout.toString()) as {
      metadata: { component: { name: string; version: string } };
      components: { name: string; version: string }[];
    };
    expect(metadata.component).toMatchObject({ name: 'llm-proxy', version: manifest.version });
    const versions = Object.fromEntries(components.map(({ name, version }) => [name, version]));
    expect(versions).toMatchObject(manifest.dependencies);
    for (const name of Object.keys(manifest.devDependencies)) expect(versions).not.toHaveProperty([name]);
  },
);
