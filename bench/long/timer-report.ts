/** Loaded before the program by `bench/long/soak.ts`. On SIGUSR2 it prints the number of pending timers. */
import { armedTimers } from '../../test/acceptance/armed-timers.ts';

process.on('SIGUSR2', () => process.stderr.write(`armed timers: ${armedTimers()}\n`));
