import { existsSync } from 'node:fs';
import { namesDatabase } from '../../../app/secret-variables.ts';
import { serveFile } from '../../../app/serve-file.ts';
import type { Overrides } from '../../../config/read/overrides.ts';
import { type ValuesOf, UsageError } from '../../command.ts';
import { programName } from '../../program-name.ts';
import type { serveDeclaration } from './declaration.ts';

/** Serves the configuration in the database that DB_URL names, else the one in a file, else the demo. */
export async function serve(values: ValuesOf<typeof serveDeclaration>): Promise<number> {
  const overrides = readOverrides(values);
  // Workers and commands read the variable, too.
  if (values['data-dir'] !== undefined) process.env['LLM_PROXY_DATA_DIR'] = values['data-dir'];
  const isConfigGiven = values.config !== undefined && values.config !== process.env['CONFIG_PATH'];
  if (namesDatabase(process.env)) {
    if (isConfigGiven) throw new UsageError(TWO_CONFIGURATIONS);
    const { serveDatabase } = await import('../../../app/serve-database.ts');
    return serveDatabase({ overrides, migrates: !values['no-migrate'], config: values.config });
  }
  if (values['no-migrate']) throw new UsageError('--no-migrate is about a database, and DB_URL names none.');
  const path = values.config ?? (existsSync('config.yaml') ? 'config.yaml' : undefined);
  if (path !== undefined) return serveFile(path, overrides);
  const { runDemo } = await import('../../../app/demo.ts');
  return runDemo(overrides, programName());
}

const TWO_CONFIGURATIONS =
  '--config names a file, and DB_URL a database with the configuration; use only one of them. "llm-proxy import FILE" imports a file.';

function readOverrides({ host, port, workers }: ValuesOf<typeof serveDeclaration>): Overrides {
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(workers !== undefined && { workers }),
  };
}
