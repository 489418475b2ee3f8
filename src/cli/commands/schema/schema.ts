import { configSchemaText } from '../../../config/schema/json-schema.ts';
import { EXIT } from '../../../exit-code.ts';

/** Prints the JSON Schema of the configuration. */
export function printSchema(): Promise<number> {
  process.stdout.write(configSchemaText());
  return Promise.resolve(EXIT.ok);
}
