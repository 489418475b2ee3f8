import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Page, readMarkdown } from './markdown.ts';

/** The root of the checkout. */
export const ROOT = join(import.meta.dir, '..', '..');

/** Pages at the root with commands for the reader. Those under `docs/` count too. */
const FOR_USERS = ['README.md', 'README.zh-CN.md', 'SECURITY.md'];
const FOR_DEVELOPERS = ['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];

/** The READMEs and everything below `docs/`. */
export async function readUserPages(): Promise<readonly Page[]> {
  const files = await readdir(join(ROOT, 'docs'), { recursive: true });
  const guides = files.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`);
  return readPages([...FOR_USERS, ...guides.toSorted()]);
}

/** Every page of the project. */
export async function readAllPages(): Promise<readonly Page[]> {
  return [...(await readUserPages()), ...(await readPages(FOR_DEVELOPERS))];
}

function readPages(paths: readonly string[]): Promise<readonly Page[]> {
  return Promise.all(paths.map(async (path) => readMarkdown(path, await Bun.file(join(ROOT, path)).text())));
}
