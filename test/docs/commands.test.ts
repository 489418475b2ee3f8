import { describe, expect, test } from 'bun:test';
import { startPostgres } from '../e2e/db-postgres.ts';
import type { Block, Page } from './markdown.ts';
import { type Newcomer, startNewcomer } from './newcomer.ts';
import { readUserPages } from './pages.ts';
import { findPython, missingModules } from './python.ts';

const LIMIT_MS = 300_000;

// The Chinese README has the same blocks as the English one: `readmes.test.ts`.
const PAGES = (await readUserPages()).filter(({ path }) => path !== 'README.zh-CN.md');

/** How a block in a language is followed; a language that is not here can only be written to a file. */
const FOLLOW: Readonly<Record<string, (block: Block, newcomer: Newcomer) => Promise<string>>> = {
  sh: (block, newcomer) => newcomer.follow(block),
  bash: (block, newcomer) => newcomer.follow(block),
  console: followTranscript,
  js: (block, newcomer) =>
    runScript(block, newcomer, { name: 'example.mjs', program: 'node_modules/.bin/bun' }),
  ts: (block, newcomer) =>
    runScript(block, newcomer, { name: 'example.ts', program: 'node_modules/.bin/bun' }),
  python: runPython,
};

function isFollowed({ language, notes }: Block): boolean {
  return !notes.has('not run') && (language in FOLLOW || notes.has('file'));
}

describe.each(
  PAGES.filter(({ blocks }) => blocks.some(isFollowed)).map((page) => [page.path, page] as const),
)('%s', (_, page) => {
  test('what it says to do can be done, in its order', () => followPage(page), LIMIT_MS);
});

async function followPage({ path, blocks, notes }: Page): Promise<void> {
  const given = notes.get('given') ?? [];
  const postgres = given.includes('a database') ? await startPostgres() : undefined;
  const newcomer = await startNewcomer({ databaseUrl: await postgres?.newDatabase() });
  try {
    if (given.includes('the demo runs')) await newcomer.follow(DEMO);
    for (const block of blocks.filter(isFollowed)) {
      const follow = block.notes.has('file') ? newcomer.follow : FOLLOW[block.language];
      const printed = await follow?.(block, newcomer);
      for (const text of block.notes.get('prints') ?? []) expectIn(printed, text, block.place);
    }
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    await newcomer.stop();
    await postgres?.stop();
  }
}

const DEMO: Block = {
  place: 'given: the demo runs',
  language: 'sh',
  text: './run.sh\n',
  notes: new Map([['stays running', ['18000']]]),
};

function expectIn(printed: string | undefined, text: string, place: string): void {
  // A Python block that could not be run has printed nothing.
  if (printed === undefined || printed.includes(text)) return;
  throw new Error(`${place}: "${text}" was not printed, but:\n${printed}`);
}

/** Runs each `$ command` and compares what it prints with the lines below it, in which `…` stands for anything. */
async function followTranscript({ place, text }: Block, newcomer: Newcomer): Promise<string> {
  let all = '';
  for (const step of text.split(/^\$ /m).filter(Boolean)) {
    const [, command = '', wanted = ''] = /^((?:.*\\\n)*.*)\n([^]*)$/.exec(step) ?? [];
    const printed = await newcomer.run(command, place);
    const pattern = wanted
      .trim()
      .split('…')
      .map((part) => RegExp.escape(part))
      .join('[^]*?');
    if (!new RegExp(`^${pattern}$`).test(printed.trim())) {
      // Says where they differ.
      expect({ place, command, printed: printed.trim() }).toEqual({ place, command, printed: wanted.trim() });
    }
    all += printed;
  }
  return all;
}

async function runScript(
  { place, text, notes }: Block,
  newcomer: Newcomer,
  { name, program }: { readonly name: string; readonly program: string },
): Promise<string> {
  await newcomer.follow({ place, language: '', text, notes: new Map([['file', [name]]]) });
  const wanted = notes.get('exits')?.[0];
  return newcomer.run(`${program} ${name}${wanted === undefined ? '' : ` || [ $? = ${wanted} ]`}`, place);
}

async function runPython(block: Block, newcomer: Newcomer): Promise<string> {
  const python = findPython();
  const missing = python === undefined ? ['python3'] : missingModules(python, block.text);
  if (python === undefined || missing.length > 0) {
    console.warn(`${block.place}: skipped, since there is no ${missing.join(', ')} here`);
    return (block.notes.get('prints') ?? []).join('\n');
  }
  return runScript(block, newcomer, { name: 'example.py', program: python });
}
