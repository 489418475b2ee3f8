import { FILE, TEXT } from '../../kinds.ts';

export const pricesDeclaration = {
  name: 'prices',
  summary: 'Show what the models of a configuration cost',
  group: 'configuration',
  description: [
    'Shows the price of every route of a configuration file, by provider and model, in dollars per million tokens. A missing price is shown as unknown, and the cost is then unknown too, not 0.',
    'Prices come from a catalogue that ships with the program, and from "prices.models" in the file.',
  ],
  positionals: {
    model: { value: 'MODEL', kind: TEXT, description: 'only this public model' },
  },
  options: {
    config: {
      value: 'FILE',
      kind: FILE,
      description: 'the configuration',
      otherwise: '$CONFIG_PATH, else config.yaml',
    },
  },
  examples: [{ line: 'llm-proxy prices', does: 'shows the prices of every route of config.yaml' }],
} as const;
