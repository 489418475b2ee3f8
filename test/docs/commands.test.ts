import { afterEach, describe, expect, test } from 'bun:test';
import { sharePostgres, type TestDatabaseServer } from '../e2e/db-postgres.ts';
import type { Block, Page } from './markdown.ts';
import { type Newcomer, startNewcomer } from './newcomer.ts';
import { readUserPages } from './pages.ts';
import { findPython, missingModules } from './python.ts';

const LIMIT_MS = 300_000;

// The Chinese README has the same blocks as the English one: `readmes.test.ts`.
const PAGES = (await readUserPages()).filter(({ path }) => path !== 'README.zh-CN.md');

/** The way to follow a block in a language. A block in any other language can only be a file. */
const FOLLOW: Readonly<Record<string, (block: Block, newcomer: Newcomer) => Promise<string>>> = {
  sh: (block, newcomer) => newcomer.follow(block),
  bash: (block, newcomer) => newcomer.follow(block),
  console: followTranscript,
  js: (block, newcomer) => runFile(block, newcomer, ['node_modules/.bin/bun', 'example.mjs']),
  ts: (block, newcomer) => runFile(block, newcomer, ['node_modules/.bin/bun', 'example.ts']),
  python: runPython,
};

function isFollowed({ language, notes }: Block): boolean {
  const isHere = notes.get('only on')?.includes(process.platform) ?? true;
  return isHere && !notes.has('not run') && (language in FOLLOW || notes.has('file'));
}

let newcomer: Newcomer | undefined;
let postgres: TestDatabaseServer | undefined;

// Outside the test, because a test that times out does not reach its end.
afterEach(async () => {
  await newcomer?.stop();
  await postgres?.stop();
  newcomer = undefined;
  postgres = undefined;
});

describe.each(
  PAGES.filter(({ blocks }) => blocks.some(isFollowed)).map((page) => [page.path, page] as const),
)('%s', (_, page) => {
  test("the page's steps work, in order", () => followPage(page), LIMIT_MS);
});

async function followPage({ blocks, notes }: Page): Promise<void> {
  const given = notes.get('given') ?? [];
  if (given.includes('a database')) postgres = await sharePostgres();
  newcomer = await startNewcomer(await postgres?.emptyDatabase());
  if (given.includes('the demo runs')) await newcomer.follow(DEMO);
  for (const block of blocks.filter(isFollowed)) await followBlock(block, newcomer);
}

async function followBlock(block: Block, newcomer: Newcomer): Promise<void> {
  const { language, place, notes } = block;
  const follow = (notes.has('file') ? undefined : FOLLOW[language]) ?? FOLLOW['sh'];
  const printed = (await follow?.(block, newcomer)) ?? '';
  for (const text of notes.get('prints') ?? []) {
    if (!printed.includes(text)) throw new Error(`${place}: "${text}" was not printed, but:\n${printed}`);
  }
}

const DEMO: Block = {
  place: 'given: the demo runs',
  language: 'sh',
  text: './run.sh\n',
  notes: new Map([['stays running', ['18000']]]),
};

/** Runs each `$ command` and compares its output with the lines below it, in which `…` stands for anything. */
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
      // Prints where they differ.
      expect({ place, command, printed: printed.trim() }).toEqual({ place, command, printed: wanted.trim() });
    }
    all += printed;
  }
  return all;
}

/** Puts a block into a file, as a reader would, and runs it. */
async function runFile(
  block: Block,
  newcomer: Newcomer,
  [program, name]: readonly [program: string, name: string],
): Promise<string> {
  await newcomer.follow({ ...block, notes: new Map([['file', [name]]]) });
  return newcomer.run(`${program} ${name}`, block.place);
}

async function runPython(block: Block, newcomer: Newcomer): Promise<string> {
  const python = findPython();
  const missing = python === undefined ? ['python3'] : missingModules(python, block.text);
  if (python !== undefined && missing.length === 0) return runFile(block, newcomer, [python, 'example.py']);
  console.warn(`${block.place}: skipped, since there is no ${missing.join(', ')} here`);
  return (block.notes.get('prints') ?? []).join('\n');
}
