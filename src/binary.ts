import { startAgain } from './start-again.ts';

/**
 * The entry of the compiled program. How many requests to providers the runtime makes at a time (256 unless it is told
 * otherwise) is read from the environment before any code of ours runs, and only then. In a checkout `bin/llm-proxy` sets
 * it; before a single file there is nobody, so it starts itself again with the variable set.
 */
const LIMIT = 'BUN_CONFIG_MAX_HTTP_REQUESTS';

if (process.env[LIMIT] === undefined) process.exit(await startAgain({ ...process.env, [LIMIT]: '65336' }));
// Not loaded by the first start, which ends here.
await import('./main.ts');
