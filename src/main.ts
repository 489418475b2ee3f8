import { checkCommand } from './cli/check.ts';
import { type Command, EXIT } from './cli/command.ts';
import { explainCommand } from './cli/explain.ts';
import { exportCommand } from './cli/export.ts';
import { importCommand } from './cli/import.ts';
import { migrateCommand } from './cli/migrate.ts';
import { mockCommand } from './cli/mock.ts';
import { rekeyCommand } from './cli/rekey.ts';
import { serveCommand } from './cli/serve.ts';
import { workerCommand } from './cli/worker.ts';
import { version } from './version.ts';

const COMMANDS: readonly Command[] = [
  serveCommand,
  checkCommand,
  explainCommand,
  mockCommand,
  migrateCommand,
  importCommand,
  exportCommand,
  rekeyCommand,
];

/** Runs the command that the arguments name, `serve` where they name none; resolves with the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') return printed(help());
  if (name === '--version' || name === '-v' || name === 'version') return printed(version);
  if (name === '' || name.startsWith('-')) return serveCommand.run(args);
  const command = [...COMMANDS, workerCommand].find((candidate) => candidate.name === name);
  if (command !== undefined) return command.run(rest);
  console.error(`llm-proxy: there is no command "${name}". "llm-proxy --help" lists them.`);
  return EXIT.usage;
}

function printed(text: string): number {
  console.log(text);
  return EXIT.ok;
}

function help(): string {
  const commands = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n');
  return `llm-proxy ${version}: one address and one key in front of every LLM provider

Usage: llm-proxy [command] [options]

Commands:
${commands}

"llm-proxy <command> --help" tells more. Without a command, "serve" is run.`;
}

process.exitCode = await main(process.argv.slice(2));
// A command that returned is done: what it left open (a watched file, a pooled connection) must not hold the process.
process.exit();
