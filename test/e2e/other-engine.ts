/**
 * Loaded before everything else (`--preload`) where the tests run on the other engine: configurations that name no engine then
 * get that of LLM_PROXY_TEST_ENGINE.
 */
import { DEFAULTS } from '../../src/config/schema/defaults.ts';

const engine = process.env['LLM_PROXY_TEST_ENGINE'];
if (engine !== undefined) Object.assign(DEFAULTS, { serverEngine: engine });
