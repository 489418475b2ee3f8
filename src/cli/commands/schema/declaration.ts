export const schemaDeclaration = {
  name: 'schema',
  summary: 'Print the JSON Schema of the configuration, for editors',
  group: 'configuration',
  description: [
    'Prints the JSON Schema by which editors complete and check a configuration. This version of the program reads exactly what it describes.',
    'A file that begins with "# yaml-language-server: $schema=./config.schema.json" is checked by the one beside it, without a network.',
  ],
  examples: [
    { line: 'llm-proxy schema > config.schema.json', does: 'puts it beside config.yaml, or renews it' },
  ],
} as const;
