import './interpreted-start.ts';
import { runProgram } from './cli/run-command.ts';

process.exitCode = await runProgram(process.argv.slice(2));
// A finished command may have left something open (a watched file, a pooled connection), which must not keep the
// process alive.
process.exit();
