import { stringify } from 'yaml';
import { exportFile } from '../store/export-file.ts';
import { type Command, EXIT } from './command.ts';
import { withStore } from './with-store.ts';

const HELP = `Usage: llm-proxy export [--without-secrets]

Writes the configuration in the database that DB_URL names as a configuration file, to standard output. The credentials
of the providers are in it; master keys are there by their hashes, with which they go on working.

  --without-secrets   credentials become variables such as \${OPENAI_API_KEY}`;

export const exportCommand: Command = {
  name: 'export',
  summary: 'Write the configuration in the database as a configuration file',
  run,
};

async function run(args: readonly string[]): Promise<number> {
  if (args[0] === '--help' || args[0] === '-h') {
    console.log(HELP);
    return EXIT.ok;
  }
  if (args.some((arg) => arg !== '--without-secrets')) {
    console.error(HELP);
    return EXIT.usage;
  }
  return withStore(async (store) => {
    const revision = await store.read();
    const file = exportFile(revision, { withSecrets: !args.includes('--without-secrets') });
    console.log(
      `# Version ${revision.version}, ${revision.changedAt}\n${stringify(file, { lineWidth: 0 })}`.trimEnd(),
    );
    return EXIT.ok;
  });
}
