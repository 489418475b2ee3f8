import { expect, test } from 'bun:test';
import { addSecret } from '../../../src/gateway/redact.ts';
import { openLog } from '../../../src/telemetry/log/open-log.ts';
import { compiled } from '../../e2e/gateway.ts';

/** No known shape of a key, with characters that a URL and JSON escape. */
const TOKEN = 'federated+Canary/Token="0123456789"/of.an.exchange';

test('an access token that was fetched is redacted in the log, in every form', async () => {
  const snapshot = compiled(`
allow_unauthenticated: true
providers: [{ name: gcp, provider_type: vertex, project: p, access_token: ya29.configured }]
models: { m: { routes: [{ provider: gcp, model: gemini-3-pro }] } }`);
  let text = '';
  const log = openLog({
    snapshot: () => snapshot,
    print: (lines) => Promise.resolve((text += new TextDecoder().decode(lines))),
    complain: () => undefined,
    epochMs: Date.now,
  });
  const provider = snapshot.providers.get('gcp');
  if (provider === undefined) throw new Error('no provider');
  log.listen({ type: 'bug', requestId: undefined, error: new Error('a line before the first token') });
  addSecret(provider, TOKEN);
  const forms = [TOKEN, encodeURIComponent(TOKEN), JSON.stringify(TOKEN), btoa(`user:${TOKEN}`)];
  for (const form of forms)
    log.listen({ type: 'bug', requestId: undefined, error: new Error(`refused: ${form}`) });
  addSecret(provider, `${TOKEN}-renewed`);
  log.listen({ type: 'bug', requestId: undefined, error: new Error(`an older one: ${TOKEN}`) });
  await log.flush();
  expect(text.match(/\*\*\*\*/g)?.length).toBeGreaterThanOrEqual(forms.length + 1);
  expect(text).not.toContain('Canary');
  expect(text).not.toContain(btoa(TOKEN).slice(8, 40));
  expect(text).not.toContain(btoa(`user:${TOKEN}`).slice(16, 40));
});
