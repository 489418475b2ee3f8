export const versionDeclaration = {
  name: 'version',
  summary: 'Print the version',
  group: 'program',
  description: ['Prints the version of the program. Also as -v and --version.'],
  examples: [{ line: 'llm-proxy version', does: 'the version on a line of its own' }],
} as const;
