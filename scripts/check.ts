import { runChecks } from './checks.ts';

/** `npm run check`: every check beside the tests, side by side. */
const { passed, failed } = await runChecks();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
