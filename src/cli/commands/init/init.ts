import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configSchemaText } from '../../../config/schema/json-schema.ts';
import { compileText } from '../../../config/read/compile-text.ts';
import { formatProblem } from '../../../config/read/problems.ts';
import { EXIT } from '../../../exit-code.ts';
import { programName } from '../../program-name.ts';
import { styleFor } from '../../style.ts';
import { failed } from '../with-opened.ts';
import { type InitValues, readChoices } from './choices.ts';
import { type Choices, firstConfig, referencesIn } from './first-config.ts';
import { interview } from './interview.ts';
import { nextSteps } from './next-steps.ts';
import { Interrupted, openPrompt } from './prompt.ts';

/** Writes a first configuration from the command line or from the user's answers. */
export async function init(values: InitValues): Promise<number> {
  const { output: path, force } = values;
  if (!force && existsSync(path)) {
    return failed([`${path} already exists. --force overwrites it, --output FILE writes another file.`]);
  }
  const choices = await decide(values);
  if (choices === undefined) return EXIT.interrupted;
  const text = firstConfig(choices);
  const problems = findProblems(text, path, choices);
  if (problems.length > 0) return failed([...problems, 'nothing was written']);
  try {
    await writeConfig(path, text, choices);
    await writeSchema(dirname(path));
  } catch (error) {
    return failed([
      `${path} could not be written: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  const style = styleFor(process.stdout, process.env);
  console.log(`\n${nextSteps({ choices, path, program: programName() }, process.env, style)}`);
  return EXIT.ok;
}

/** undefined: the user left. */
async function decide(values: InitValues): Promise<Choices | undefined> {
  const canAsk = process.stdin.isTTY && process.stdout.isTTY;
  if (values.provider !== undefined || !canAsk) return readChoices(values, process.env);
  const prompt = openPrompt();
  try {
    return await interview(prompt, values, process.env);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error('\nNothing was written.');
    return undefined;
  } finally {
    prompt.close();
  }
}

/**
 * Problems that the gateway would report if the variables were set. A key file need not be there yet, so a token stands
 * for it.
 */
function findProblems(written: string, file: string, { key, masterKey }: Choices): string[] {
  const text = written.replace(
    /^ {4}service_account: .*$/m,
    '    access_token: "none-yet"\n    project: "none-yet"',
  );
  const variables = [...(key.kind === 'variable' ? [key.name] : []), ...referencesIn(masterKey)];
  const result = compileText(text, {
    file,
    env: { ...Object.fromEntries(variables.map((name) => [name, 'not-set-yet'])), ...process.env },
    overrides: {},
    version: 1,
    now: new Date(),
  });
  return result.kind === 'refused' ? result.problems.map(formatProblem) : [];
}

/** Moves the complete file into place, since a gateway may be watching it. */
async function writeConfig(path: string, text: string, { key }: Choices): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text, { mode: key.kind === 'written' ? 0o600 : 0o644 });
  await rename(draft, path);
}

/** Writes the schema beside the file, unless another file has its name. */
async function writeSchema(folder: string): Promise<void> {
  const path = join(folder, 'config.schema.json');
  const before = await readFile(path, 'utf8').catch(() => undefined);
  const text = configSchemaText();
  if (before === undefined || before.includes('"llm-proxy configuration"')) await writeFile(path, text);
}
