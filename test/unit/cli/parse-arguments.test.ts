import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { UsageError } from '../../../src/cli/command.ts';
import { COMMANDS } from '../../../src/cli/command-table.ts';
import { FILE, NUMBER, oneOf, PORT, TEXT } from '../../../src/cli/kinds.ts';
import { allTokens, parseArguments, plainTokens } from '../../../src/cli/parse-arguments.ts';

const COMMAND = {
  positionals: {
    action: { value: 'ACTION', kind: oneOf('up', 'down'), description: 'what to do' },
  },
  options: {
    config: { value: 'FILE', kind: FILE, description: 'a file', env: 'CONFIG_PATH', default: 'config.yaml' },
    port: { value: 'PORT', kind: PORT, description: 'a port' },
    pace: { value: 'N', kind: NUMBER, description: 'a number', default: '0.5' },
    down: { value: 'NAME', kind: TEXT, description: 'a name', repeats: true },
    'dry-run': { description: 'a switch' },
  },
} as const;

const read = (args: readonly string[], env: Record<string, string> = {}) =>
  parseArguments(COMMAND, args, env);
const values = (args: readonly string[], env: Record<string, string> = {}) => {
  const parsed = read(args, env);
  return parsed.kind === 'run' ? parsed.values : parsed.kind;
};
const fault = (...args: string[]): string => {
  try {
    return JSON.stringify(values(args));
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof Error ? error.message : '';
  }
};

describe('an omitted argument', () => {
  test('has its default, or no value', () => {
    expect(values([])).toEqual({
      action: undefined,
      config: 'config.yaml',
      port: undefined,
      pace: 0.5,
      down: [],
      'dry-run': false,
    });
  });

  test('comes from its variable, unless that is empty', () => {
    expect(values([], { CONFIG_PATH: 'env.yaml' })).toMatchObject({ config: 'env.yaml' });
    expect(values([], { CONFIG_PATH: '' })).toMatchObject({ config: 'config.yaml' });
    expect(values(['--config', 'c'], { CONFIG_PATH: 'env.yaml' })).toMatchObject({ config: 'c' });
  });
});

describe('an option', () => {
  test('may be written in four ways', () => {
    for (const args of [['--config', 'c'], ['--config=c'], ['-config', 'c'], ['-config=c']])
      expect(values(args)).toMatchObject({ config: 'c' });
    expect(values(['-dry-run'])).toMatchObject({ 'dry-run': true });
  });

  test('is read by its kind', () => {
    expect(values(['--port', '80', '--pace', '2'])).toMatchObject({ port: 80, pace: 2 });
  });

  test('counts in its last place, or in each where it may be repeated', () => {
    expect(values(['--port', '1', '--port', '2', '--down', 'a', '--down=b'])).toMatchObject({
      port: 2,
      down: ['a', 'b'],
    });
  });

  test('stands before or behind what has no name', () => {
    expect(values(['up', '--port', '1'])).toEqual(values(['--port', '1', 'up']));
  });
});

test('behind -- nothing is an option', () => {
  expect(fault('--', '-config')).toBe('ACTION must be up or down, not "-config".');
});

test('help and version are asked for anywhere, whatever else is wrong', () => {
  for (const args of [['--help'], ['-h'], ['--bogus', '-h'], ['up', 'down', '--help']]) {
    expect(read(args)).toEqual({ kind: 'help' });
  }
  for (const args of [['--version'], ['-v']]) expect(read(args)).toEqual({ kind: 'version' });
});

describe('an invalid argument is a usage error that lists the valid ones', () => {
  const faults: readonly (readonly [readonly string[], string])[] = [
    [['--confg', 'c'], 'there is no option "--confg". Did you mean "--config"?'],
    [['-prot', '1'], 'there is no option "--prot". Did you mean "--port"?'],
    [['--verison'], 'there is no option "--verison". Did you mean "--version"?'],
    [['-x'], 'there is no option "-x".'],
    [['--toString'], 'there is no option "--toString".'],
    [['--config'], '--config needs a value: the path of a file.'],
    [['--config', '--port', '1'], '--config needs a value: the path of a file.'],
    [['--config='], '--config must be the path of a file, not "".'],
    [['--port', '70000'], '--port must be a port from 0 to 65535, not "70000".'],
    [['--pace', '-1'], '--pace needs a value: a number that is not negative.'],
    [['--dry-run=yes'], '--dry-run takes no value.'],
    [['dwon'], 'ACTION must be up or down, not "dwon". Did you mean "down"?'],
    [['up', 'again'], 'unexpected argument "again".'],
  ];
  for (const [args, says] of faults) test(args.join(' '), () => expect(fault(...args)).toBe(says));

  test('a wrong variable is called by its name', () => {
    const command = { options: { port: { ...COMMAND.options.port, env: 'PORT' } } };
    expect(() => parseArguments(command, [], { PORT: 'x' })).toThrow(
      '$PORT must be a port from 0 to 65535, not "x".',
    );
  });

  test('a required argument is missing', () => {
    const command = { options: { model: { ...COMMAND.options.port, isRequired: true } } } as const;
    expect(() => parseArguments(command, [], {})).toThrow('--model is missing: a port.');
  });
});

describe('the table of commands', () => {
  test('has each name once, and a default that its option can read', () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
    for (const { options = {} } of COMMANDS) {
      for (const option of Object.values(options)) {
        if (option.kind && option.default !== undefined)
          expect(option.kind.read(option.default)).toBeDefined();
      }
    }
  });

  test('has examples that can be run', () => {
    const lines = COMMANDS.flatMap(({ examples }) => examples.map(({ line }) => line));
    for (const line of lines) {
      const [, ...words] = /llm-proxy(.*?)(?:\s[|>&)].*|\)|$)/.exec(line)?.[1]?.split(' ') ?? [];
      const command = COMMANDS.find(({ name }) => name === words[0]);
      const args = command === undefined ? words : words.slice(1);
      expect([line, parseArguments(command ?? COMMANDS[0]!, args, {}).kind]).toEqual([line, 'run']);
    }
    expect(lines.length).toBeGreaterThan(COMMANDS.length);
  });
});

test('the usual arguments are read as the library reads them', () => {
  const words = [
    '--config',
    '--config=',
    '--config=a=b',
    '--port',
    '--dry-run',
    '--dry-run=x',
    '--help',
    '--none',
    '--none=1',
  ];
  const others = [
    'up',
    '',
    'a b',
    '80',
    '-1',
    '-',
    '-h',
    '-hv',
    '--',
    '--Upper',
    '--a_b',
    '--toString',
    '--x\n=y',
  ];
  let plain = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words, ...others), { maxLength: 6 }), (args) => {
      const tokens = plainTokens(args, COMMAND.options);
      if (tokens === undefined) return;
      plain += 1;
      expect(tokens).toEqual(allTokens(args, COMMAND.options));
    }),
    { numRuns: 2_000 },
  );
  expect(plain).toBeGreaterThan(200);
});
