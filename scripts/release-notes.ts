import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { notesOf } from './release/notes.ts';

/** Prints what CHANGELOG.md says of a tag, `v1.2.3`; fails where the tag is not the version of package.json. */
async function main([tag]: readonly string[]): Promise<number> {
  if (tag !== `v${manifest.version}`) {
    console.error(`The tag ${tag} is not v${manifest.version}, the version in package.json.`);
    return 1;
  }
  const changelog = await readFile(join(import.meta.dir, '..', 'CHANGELOG.md'), 'utf8');
  const notes = notesOf(changelog, manifest.version);
  if (notes === undefined) {
    console.error(`CHANGELOG.md has no section [${manifest.version}], or nothing in it.`);
    return 1;
  }
  console.log(notes);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
