import { configSchemaText } from '../../../config/schema/json-schema.ts';
import { EXIT } from '../../../exit-code.ts';

/** Prints the JSON Schema of the configuration. Waits for its reader: a pipe holds less than the whole of it. */
export async function printSchema(): Promise<number> {
  await new Promise<void>((resolve) => {
    // A reader that has had enough is no error.
    process.stdout.write(configSchemaText(), () => resolve());
  });
  return EXIT.ok;
}
