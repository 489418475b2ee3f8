import { runProgram } from './cli/run-command.ts';

process.exitCode = await runProgram(process.argv.slice(2));
// A command that returned is done: what it left open (a watched file, a pooled connection) must not hold the process.
process.exit();
