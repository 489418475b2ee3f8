import { chat } from '../../test/e2e/gateway.ts';
import type { DatabaseGateway } from '../../test/e2e/db-program.ts';

/** The keys of an ordinary gateway. */
export const KEYS = ['search-prod', 'support-bot', 'alice'].map((name) => ({
  name,
  secret: `sk-${name}-0123456789`,
}));

/** Configures a gateway as a small company would. `base` is the address of the simulator. */
export async function configureEveryday({ admin }: DatabaseGateway, base: string): Promise<void> {
  for (const id of ['openai', 'anthropic', 'azure-eu', 'vllm-local'])
    await admin('POST', '/providers', {
      id,
      api_base: base,
      price_provider: 'openai',
      api_key: 'sk-picture-key',
    });
  const slow = 'mock/ok?latency=180';
  await admin('POST', '/models', {
    id: 'gpt-5.5',
    routes: [
      { provider: 'openai', model: slow, weight: 3 },
      { provider: 'azure-eu', model: slow },
    ],
  });
  await admin('POST', '/models', {
    id: 'claude-sonnet-5',
    routes: [
      { provider: 'anthropic', model: 'mock/529?latency=90' },
      { provider: 'azure-eu', model: slow, priority: 2 },
    ],
    fallbacks: ['gpt-5.5'],
  });
  await admin('POST', '/models', {
    id: 'fast',
    routes: [{ provider: 'vllm-local', model: 'mock/ok?latency=25' }],
  });
  await admin('PUT', '/settings/fallback', { value: { cooldown_seconds: 8 } });
  await admin('PUT', '/settings/prices', { value: { models: { '*/mock/*': { input: 1.25, output: 10 } } } });
  for (const { name, secret } of KEYS) await admin('POST', '/master-keys', { id: name, key: secret });
}

/** Sends what those keys would ask, about eight requests a second. */
export function sendEveryday(url: string): { readonly stop: () => Promise<void> } {
  return sendSteadily(
    url,
    KEYS.map(({ secret }) => secret),
    ['gpt-5.5', 'gpt-5.5', 'claude-sonnet-5', 'fast', 'fast', 'fast'],
  );
}

/** Asks for the models in turn with the keys in turn, until it is stopped. */
export function sendSteadily(
  url: string,
  secrets: readonly string[],
  models: readonly string[],
): { readonly stop: () => Promise<void> } {
  const load = { isOver: false };
  const running = new Set<Promise<unknown>>();
  const sending = (async () => {
    for (let count = 0; !load.isOver; count++) {
      const body = chat(models[(count * 7) % models.length] ?? '', { stream: count % 3 > 0 });
      const asked = ask(url, secrets[count % secrets.length] ?? '', body);
      running.add(asked);
      void asked.finally(() => running.delete(asked));
      await Bun.sleep(60 + ((count * 37) % 110));
    }
  })();
  return {
    async stop() {
      load.isOver = true;
      await sending;
      await Promise.all(running);
    },
  };
}

async function ask(url: string, key: string, body: object): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    // A gateway that is stopped meanwhile answers nothing.
  }).catch(() => undefined);
  await response?.text().catch(() => undefined);
}
