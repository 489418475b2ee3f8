import { type Command, UsageError } from './command.ts';
import { EXIT } from '../exit-code.ts';
import { compileAsUsual } from '../interpreted-start.ts';
import { COMMANDS, findCommand } from './command-table.ts';
import { parseArguments } from './parse-arguments.ts';
import { styleFor } from './style.ts';
import { unknownCommand } from './unknown-command.ts';

/** Runs the command that the arguments name, `serve` if they name none; resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const [first = '', ...rest] = args;
  if (first === '--help' || first === '-h') return runProgram(['help']);
  const isServe = first === '' || first.startsWith('-');
  const command = findCommand(isServe ? '' : first);
  if (command !== undefined) return runCommand(command, isServe ? args : rest);
  return complain('llm-proxy', `${unknownCommand(first, COMMANDS)} "llm-proxy --help" lists them.`);
}

/** Runs one command with the arguments after its name. */
export async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  try {
    const parsed = parseArguments(command, args, process.env);
    if (parsed.kind === 'help')
      return (await import('./commands/help/help.ts')).help({ command: command.name }, COMMANDS);
    if (parsed.kind === 'version')
      return (await import('./commands/version/print-version.ts')).printVersion();
    const work = await command.load();
    if (!STARTERS.has(command.name)) compileAsUsual();
    // The values were parsed by the declaration from which the code's type derives.
    return await work(parsed.values as never, COMMANDS);
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
