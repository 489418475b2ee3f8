import { startAgain } from './start-again.ts';

/**
 * The entry of the compiled program. How many requests to providers the runtime makes at a time (256 unless it is told
 * otherwise) is read from the environment before any code of ours runs, and only then. In a checkout `bin/llm-proxy` sets
 * it; before a single file there is nobody, so it starts itself again with the variable set.
 */
const LIMIT = 'BUN_CONFIG_MAX_HTTP_REQUESTS';

if (process.env[LIMIT] === undefined) {
  try {
    process.exit(await startAgain({ ...process.env, [LIMIT]: '65336' }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`llm-proxy: set ${LIMIT}=65336 for more than 256 requests at a time (${reason})`);
  }
}
// Not loaded by the first start, which ends above.
await import('./main.ts');
