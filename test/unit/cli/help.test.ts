import { afterEach, beforeEach, describe, expect, type Mock, spyOn, test } from 'bun:test';
import { COMMANDS } from '../../../src/cli/command-table.ts';
import { runProgram } from '../../../src/cli/run-command.ts';
import { version } from '../../../src/version.ts';

let out: Mock<typeof console.log>;
let err: Mock<typeof console.error>;

beforeEach(() => {
  out = spyOn(console, 'log').mockImplementation(() => undefined);
  err = spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  out.mockRestore();
  err.mockRestore();
});

/** The program's output and its exit code. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  out.mockClear();
  err.mockClear();
  const code = await runProgram(args);
  const text = (stream: typeof out) =>
    stream.mock.calls.map(([line]) => Bun.stripANSI(String(line))).join('\n');
  return { code, out: text(out), err: text(err) };
}

describe('the help of the program', () => {
  test('names every command with what it does, in three ways', async () => {
    const help = await run('--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const { name } of COMMANDS) expect(help.out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    expect(help.out.replaceAll(/\s+/g, ' ')).toContain(COMMANDS[0]!.summary);
    expect(await run('-h')).toEqual(help);
    expect(await run('help')).toEqual(help);
    expect(await run('--help', '--config', 'x.yaml')).toEqual(help);
  });
});

describe('the help of each command', () => {
  for (const { name, options = {}, positionals = {}, examples } of COMMANDS) {
    test(`${name}: options, defaults, variables, examples, exit codes`, async () => {
      const help = await run(name, '--help');
      expect(help).toMatchObject({ code: 0, err: '' });
      expect(help.out).toStartWith(`Usage: llm-proxy ${name}`);
      const words = help.out.replaceAll(/\s+/g, ' ');
      for (const [option, { kind, description, ...setting }] of Object.entries(options)) {
        expect(words).toContain(`--${option} `);
        expect(words).toContain(description);
        if (kind && 'default' in setting) expect(words).toContain(`${setting.default})`);
        if (kind && 'env' in setting) expect(words).toContain(`$${setting.env}`);
      }
      for (const { description } of Object.values(positionals)) expect(words).toContain(description);
      for (const { line } of examples) expect(help.out).toContain(`  ${line}`);
      for (const code of [0, 1, 2]) expect(help.out).toMatch(new RegExp(`^  ${code} +\\S`, 'm'));
      expect(await run('help', name)).toEqual(help);
      expect(await run(name, '-h')).toEqual(help);
    });

    test(`${name}: fits into 80 columns`, async () => {
      const { out: text } = await run(name, '--help');
      const wide = text.split('\n').filter((line) => line.length > 80);
      expect(wide.filter((line) => !examples.some((example) => line.includes(example.line)))).toEqual([]);
    });
  }
});

test('the version can be asked for in five ways', async () => {
  for (const args of [['--version'], ['-v'], ['version'], ['check', '--version'], ['serve', '-v']]) {
    expect([args, await run(...args)]).toEqual([args, { code: 0, out: version, err: '' }]);
  }
});

describe('a command that there is not', () => {
  const meant = {
    chekc: 'check',
    Serve: 'serve',
    start: 'serve',
    validate: 'check',
    completions: 'completion',
  };
  for (const [typed, command] of Object.entries(meant)) {
    test(`${typed} may be ${command}`, async () => {
      const { code, err: text } = await run(typed);
      expect(code).toBe(2);
      expect(text).toBe(
        `llm-proxy: there is no command "${typed}". Did you mean "${command}"? "llm-proxy --help" lists them.`,
      );
    });
  }

  test('nothing is guessed where nothing is near', async () => {
    expect((await run('frobnicate')).err).toBe(
      'llm-proxy: there is no command "frobnicate". "llm-proxy --help" lists them.',
    );
  });

  test('help for it is wrong usage, too', async () => {
    expect(await run('help', 'chekc')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean "check"?'),
    });
  });
});

test('wrong usage says what is wrong, how the command is called, and where there is more', async () => {
  expect(await run('import', '--form', 'litellm', 'x.yaml')).toEqual({
    code: 2,
    out: '',
    err: [
      'llm-proxy import: there is no option "--form". Did you mean "--from"?',
      'Usage: llm-proxy import [options] FILE',
      '"llm-proxy import --help" tells more.',
    ].join('\n'),
  });
  expect((await run('--prot', '1')).err).toContain('there is no option "--prot". Did you mean "--port"?');
});
