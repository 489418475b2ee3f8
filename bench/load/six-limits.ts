/** Six limits, as YAML in one line, that no measurement uses up. */
export const SIX_LIMITS = `[${[
  '{ cost: 9000000, per: month }',
  '{ cost: 9000000, per: day }',
  '{ tokens: 900000000000, per: day }',
  '{ tokens: 900000000000, per: second }',
  '{ requests: 1000000000, per: second }',
  '{ concurrent: 1000000 }',
].join(', ')}]`;
