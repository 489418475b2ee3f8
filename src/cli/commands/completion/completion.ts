import type { Command, ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import type { completionDeclaration } from './declaration.ts';
import { bashCompletion } from './bash.ts';
import { completableCommand } from './completable.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** Prints the completion script for a shell. */
export function printCompletion(
  { shell }: ValuesOf<typeof completionDeclaration>,
  commands: readonly Command[],
): Promise<number> {
  console.log(SHELLS[shell](commands.map(completableCommand)));
  return Promise.resolve(EXIT.ok);
}
