import type { RequestDetail } from '../../api/types.ts';

/** A command that asks the same model the same way. The key is a variable of the shell. */
export function curlOf({ model, endpoint, is_streamed: isStreamed }: RequestDetail, address: string): string {
  const origin = address.replace(/\/v1\/?$/, '');
  const body = {
    model: model ?? 'MODEL',
    messages: [{ role: 'user', content: 'Hello!' }],
    ...(isStreamed && { stream: true }),
  };
  // A quote in a name would end the shell's.
  const text = JSON.stringify(body).replaceAll("'", String.raw`'\''`);
  return [
    `curl ${origin}${endpoint ?? '/v1/chat/completions'} \\`,
    '  -H "Authorization: Bearer $LLM_PROXY_KEY" \\',
    "  -H 'Content-Type: application/json' \\",
    `  -d '${text}'`,
  ].join('\n');
}
