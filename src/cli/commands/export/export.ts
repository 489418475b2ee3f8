import { stringify } from 'yaml';
import { exportFile } from '../../../migrate/export-file.ts';
import { type ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import type { exportDeclaration } from './declaration.ts';
import { withStore } from '../with-store.ts';

/** Writes the configuration in the database as a configuration file. */
export function exportToFile(values: ValuesOf<typeof exportDeclaration>): Promise<number> {
  return withStore(async (store) => {
    const revision = await store.read();
    const file = exportFile(revision, { withSecrets: !values['without-secrets'] });
    console.log(
      `# Version ${revision.version}, ${revision.changedAt}\n${stringify(file, { lineWidth: 0 })}`.trimEnd(),
    );
    return EXIT.ok;
  });
}
