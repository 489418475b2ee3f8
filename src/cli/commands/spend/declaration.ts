import { FILE, oneOf, TEXT } from '../../kinds.ts';
import { SECRET_VARIABLES } from '../database-variables.ts';

export const spendDeclaration = {
  name: 'spend',
  summary: 'Report and import spending, and check the ledger',
  group: 'configuration',
  description: [
    'Works on the ledger: the database that DB_URL names, otherwise spend.store of a configuration file. The Admin API has the same operations.',
    '"report" sums requests, tokens and costs by time and name. "import" reads the recorded use of another program, as CSV or one JSON object per line. "reprice" recalculates the cost of past requests at the prices of the configuration. "verify" compares the sums of the ledger with each other and fails if they differ.',
  ],
  positionals: {
    action: {
      value: 'ACTION',
      kind: oneOf('report', 'import', 'reprice', 'verify'),
      description: 'report, import, reprice or verify',
      isRequired: true,
    },
    file: { value: 'FILE', kind: FILE, description: 'with import: the file' },
  },
  options: {
    'group-by': {
      value: 'NAMES',
      kind: TEXT,
      description:
        'with report: one of hour, day, week, month, and any of team, key, user, end_user, model, provider, tag:NAME, separated by commas',
      otherwise: 'model',
    },
    since: {
      value: 'TIME',
      kind: TEXT,
      description: 'a date such as 2026-11-01, or a time; needed for reprice',
      otherwise: 'the first of this month',
    },
    until: { value: 'TIME', kind: TEXT, description: 'the same, exclusive', otherwise: 'now' },
    timezone: {
      value: 'ZONE',
      kind: TEXT,
      description: 'with report: the IANA time zone of dates and periods',
      otherwise: 'limits_options.timezone',
    },
    team: { value: 'NAME', kind: TEXT, description: 'with report: only this team and those below it' },
    key: { value: 'NAME', kind: TEXT, description: 'with report: only this key' },
    user: { value: 'NAME', kind: TEXT, description: 'with report: only this user' },
    model: { value: 'NAME', kind: TEXT, description: 'with report and reprice: only this model' },
    csv: { description: 'with report: print CSV' },
    json: { description: 'print JSON' },
    source: {
      value: 'NAME',
      kind: TEXT,
      description: 'with import: the source of the file; repeated lines of a source count once',
    },
    'dry-run': { description: 'with import and reprice: only show what would change' },
    repair: { description: 'with verify: add missing entries' },
    config: {
      value: 'FILE',
      kind: FILE,
      description: 'the configuration, without DB_URL',
      otherwise: '$CONFIG_PATH, else config.yaml',
    },
  },
  environment: SECRET_VARIABLES,
  examples: [
    { line: 'llm-proxy spend report --group-by month,team', does: 'the spending of each team by month' },
    {
      line: 'llm-proxy spend report --group-by day,key --since 2026-11-01 --timezone Europe/Berlin --csv',
      does: 'a file for a spreadsheet',
    },
    {
      line: 'llm-proxy spend import old.csv --source litellm',
      does: 'imports the recorded use of another program',
    },
    { line: 'llm-proxy spend verify', does: 'compares the sums of the ledger' },
  ],
} as const;
