import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { startTerminal, type TestTerminal } from './terminal.ts';

const BIN = join(import.meta.dir, '..', '..', 'bin');
const PATH = `${BIN}:${process.env['PATH']}`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-completion-'));
  await Bun.write(join(folder, 'settings.yaml'), '');
});
afterAll(() => rm(folder, { recursive: true }));

describe('the words that bash offers', () => {
  /** The words that the completion puts into COMPREPLY. The last of the given words is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const script = `source <(llm-proxy completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_llm_proxy 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const child = Bun.spawn(['bash', '-c', script, 'bash', 'llm-proxy', ...words], {
      cwd: folder,
      env: { PATH, HOME: folder },
      stdout: 'pipe',
      stderr: 'inherit',
    });
    const text = await child.stdout.text();
    expect(await child.exited).toBe(0);
    return text.split('\n').filter((line) => line !== '');
  }

  test('first: every command, or the options of serve', async () => {
    expect((await offered('')).toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted());
    expect(await offered('--no-m')).toEqual(['--no-migrate']);
    expect(await offered('ch')).toEqual(['check']);
  });

  for (const { name, options = {} } of COMMANDS) {
    test(`every option of ${name}, and no other`, async () => {
      expect((await offered(name, '--')).toSorted()).toEqual(
        [...Object.keys(options), 'help'].map((option) => `--${option}`).toSorted(),
      );
    });
  }

  test('the values that there are, also behind =', async () => {
    expect(await offered('import', '--from', '')).toEqual(['llm-proxy', 'litellm']);
    expect(await offered('import', '--from', '=', 'li')).toEqual(['litellm']);
    expect(await offered('import', '--from', '=')).toEqual(['llm-proxy', 'litellm']);
    expect(await offered('migrate', '')).toEqual(['up', 'down', 'version']);
    expect(await offered('help', 'exp')).toEqual(['explain', 'export']);
    expect(await offered('init', '--provider', 'op')).toEqual(['openai', 'openrouter']);
  });

  test('nothing where only the user knows', async () => {
    expect(await offered('explain', '--model', '')).toEqual([]);
    expect(await offered('--port', '')).toEqual([]);
  });
});

/** The commands that start each shell without the user's files, load the completion, and print what it would run. */
const SHELLS = {
  bash: {
    command: ['bash', '--norc', '--noprofile', '-i'],
    setUp: ['source <(llm-proxy completion bash)', 'llm-proxy() { echo "<$*>"; }'],
  },
  zsh: {
    command: ['zsh', '-f', '-i'],
    setUp: [
      'autoload -U compinit && compinit -u -D',
      'source <(llm-proxy completion zsh)',
      'llm-proxy() { echo "<$*>"; }',
    ],
  },
  fish: {
    command: ['fish', '--no-config', '-i'],
    setUp: ['llm-proxy completion fish | source', 'function llm-proxy; echo "<$argv>"; end'],
  },
} as const;

const TYPED = {
  'llm-proxy che\t': '<check>',
  'llm-proxy check --ho\t': '<check --host>',
  'llm-proxy check sett\t': '<check settings.yaml>',
  'llm-proxy --conf\tsett\t': '<--config settings.yaml>',
  'llm-proxy --config sett\t': '<--config settings.yaml>',
  'llm-proxy import --from li\t--pr\tsett\t': '<import --from litellm --prune settings.yaml>',
  'llm-proxy import --from=li\t': '<import --from=litellm>',
  'llm-proxy help mo\t': '<help mock>',
  'llm-proxy completion fi\t': '<completion fish>',
} as const;

describe('typed on a terminal, with the Tab key', () => {
  let terminal: TestTerminal | undefined;
  afterEach(() => terminal?.close());

  for (const [shell, { command, setUp }] of Object.entries(SHELLS)) {
    test.skipIf(Bun.which(shell) === null)(`in ${shell}`, async () => {
      terminal = startTerminal(command, { cwd: folder, env: { PATH } });
      for (const line of [...setUp, "printf 'load%s\\n' ed"]) terminal.type(`${line}\r`);
      await terminal.shows(/loaded/);
      for (const [keys, runs] of Object.entries(TYPED)) {
        terminal.clear();
        terminal.type(`${keys}\r`);
        // zsh writes --config=FILE, which means the same.
        await terminal.shows(new RegExp(runs.replaceAll(' ', '[ =]')));
      }
    });
  }
});
