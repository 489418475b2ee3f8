export const schemaDeclaration = {
  name: 'schema',
  summary: 'Print the JSON Schema of the configuration, for editors',
  group: 'configuration',
  description: [
    'Prints the JSON Schema with which editors complete and check a configuration. It describes exactly what this version of the program reads.',
    'A file that begins with "# yaml-language-server: $schema=./config.schema.json" is checked against the schema beside it, without network access.',
  ],
  examples: [
    {
      line: 'llm-proxy schema > config.schema.json',
      does: 'writes or updates the schema beside config.yaml',
    },
  ],
} as const;
