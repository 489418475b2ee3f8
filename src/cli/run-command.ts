import { type Command, UsageError } from './command.ts';
import { EXIT } from '../exit-code.ts';
import { compileAsUsual } from '../interpreted-start.ts';
import { parseArguments } from './parse-arguments.ts';
import { serve, worker } from './serve-commands.ts';
import { styleFor } from './style.ts';
import { unknownCommand } from './unknown-command.ts';

/** Runs the command that the arguments name, `serve` if they name none; resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const [first = '', ...rest] = args;
  if (first === '--help' || first === '-h') return runProgram(['help']);
  const isServe = first === '' || first.startsWith('-');
  if (isServe) return runCommand(serve, args);
  const command = [serve, worker, ...(await otherCommands(first))].find(({ name }) => name === first);
  if (command !== undefined) return runCommand(command, rest);
  return complain(
    'llm-proxy',
    `${unknownCommand(first, await allCommands())} "llm-proxy --help" lists them.`,
  );
}

/** The commands among which a name has to be looked for. A gateway needs none of their declarations. */
function otherCommands(name: string): Promise<readonly Command[]> {
  return STARTERS.has(name) ? Promise.resolve([]) : allCommands();
}

async function allCommands(): Promise<readonly Command[]> {
  return (await import('./command-table.ts')).COMMANDS;
}

/** Runs one command with the arguments after its name. */
export async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  try {
    const parsed = parseArguments(command, args, process.env);
    if (parsed.kind === 'help')
      return (await import('./commands/help/help.ts')).help({ command: command.name }, await allCommands());
    if (parsed.kind === 'version')
      return (await import('./commands/version/print-version.ts')).printVersion();
    const work = await command.load();
    if (!STARTERS.has(command.name)) compileAsUsual();
    // The values were parsed by the declaration from which the code's type derives.
    return await work(parsed.values as never, allCommands);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { usageOf } = await import('./manual.ts');
    const advice = `Usage: ${usageOf(command)}\n"llm-proxy ${command.name} --help" tells more.`;
    return complain(`llm-proxy ${command.name}`, `${error.message}\n${advice}`);
  }
}

/** They end the start themselves. */
const STARTERS: ReadonlySet<string> = new Set(['serve', 'worker']);

function complain(who: string, what: string): number {
  console.error(`${styleFor(process.stderr, process.env).bad(`${who}:`)} ${what}`);
  return EXIT.usage;
}
