import { startAgain } from './start-again.ts';

/**
 * The entry of the compiled program. The runtime reads its limit on concurrent requests (256 by default) from the
 * environment before any code of ours runs. In a checkout, `bin/llm-proxy` sets the variable. A single file has no
 * launcher, so it starts itself again with the variable set.
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
// The first start ends above and does not load it.
await import('./main.ts');
