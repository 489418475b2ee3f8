import { configJsonSchema } from '../config/json-schema.ts';
import { EXIT } from './command.ts';

/** Prints the JSON Schema of the configuration. */
export function printSchema(): Promise<number> {
  console.log(schemaText().trimEnd());
  return Promise.resolve(EXIT.ok);
}

/** `config.schema.json`, to the byte. */
export function schemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
