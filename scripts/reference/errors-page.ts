import { REFUSALS } from '../../src/gateway/refusal-table.ts';
import { markdownTable } from './markdown.ts';

/** `docs/errors.md`: every refusal of the gateway, from its table. */
export function errorsPage(): string {
  const rows = Object.entries(REFUSALS)
    .map(([code, refusal]) => ({ code, ...refusal }))
    .sort((a, b) => a.status - b.status || a.code.localeCompare(b.code))
    .map(({ code, status, type, fault, message }) => [
      String(status),
      `\`${code}\``,
      `\`${type}\``,
      FAULTS[fault],
      message.replaceAll(/[<>]/g, '\\$&').replaceAll(/\{(\w+)\}/g, '*$1*'),
    ]);
  return `${INTRODUCTION}\n${markdownTable(['status', 'code', 'type', 'whose fault', 'message'], rows)}\n`;
}

const FAULTS = {
  client: 'client',
  provider: 'provider',
  operator: 'operator',
  gateway: 'gateway: a bug',
} as const;

const INTRODUCTION = `# Errors

<!-- Written by "npm run generate" from src/gateway/refusal-table.ts. -->

The answer of a provider reaches the client unchanged, and [the failure contract](failure-contract.md) says which answers are routed
around. A refusal by the gateway itself has the [shape of the API](http-api.md#errors) that the client speaks, with one of the codes below.
The types are OpenAI's; Anthropic's and Google's follow from the status.
[Troubleshooting](troubleshooting.md#error-codes) says what helps.

\`\`\`json
{"error": {"message": "The model \\"x\\" does not exist. …", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}}
\`\`\`

In the messages, words in *italics* stand for what is filled in.
`;
