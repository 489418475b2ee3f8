/** Loaded before the program by `bench/long/soak.ts`: on SIGUSR2 it says how many of its timers are still to ring. */
import { armedTimers } from '../../test/acceptance/armed-timers.ts';

process.on('SIGUSR2', () => process.stderr.write(`armed timers: ${armedTimers()}\n`));
