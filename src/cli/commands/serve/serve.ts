import { existsSync } from 'node:fs';
import { serveFile } from '../../../app/serve-file.ts';
import type { Overrides } from '../../../config/read/overrides.ts';
import type { ValuesOf } from '../../command.ts';
import { programName } from '../../program-name.ts';
import type { serveDeclaration } from './declaration.ts';

/** Serves the configuration in the database that DB_URL names, else the one in a file, else the demo. */
export async function serve(values: ValuesOf<typeof serveDeclaration>): Promise<number> {
  const overrides = readOverrides(values);
  if (process.env['DB_URL']) {
    const { serveDatabase } = await import('../../../app/serve-database.ts');
    return serveDatabase({ overrides, migrates: !values['no-migrate'], config: values.config });
  }
  const path = values.config ?? (existsSync('config.yaml') ? 'config.yaml' : undefined);
  if (path !== undefined) return serveFile(path, overrides);
  const { runDemo } = await import('../../../app/demo.ts');
  return runDemo(overrides, programName());
}

function readOverrides({ host, port, workers }: ValuesOf<typeof serveDeclaration>): Overrides {
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(workers !== undefined && { workers }),
  };
}
