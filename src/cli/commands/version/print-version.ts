import { version } from '../../../version.ts';
import { EXIT } from '../../../exit-code.ts';

/** Prints the version of the program. */
export function printVersion(): Promise<number> {
  console.log(version);
  return Promise.resolve(EXIT.ok);
}
