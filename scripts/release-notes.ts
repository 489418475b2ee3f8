import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { notesOf } from './release/notes.ts';

/** Prints the section of CHANGELOG.md for a tag such as `v1.2.3`. Fails if the tag is not the version in package.json. */
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
