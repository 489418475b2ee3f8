/** The quantities that a limit may count. The setting's name is the kind. */
export const LIMIT_KINDS = [
  'cost',
  'tokens',
  'input_tokens',
  'output_tokens',
  'requests',
  'concurrent',
] as const;

export const PERIODS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'total'] as const;
