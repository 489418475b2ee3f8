import type { SystemClock } from '../../src/lib/system-clock.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import type { Startable } from './agents.ts';
import type { Api } from './provider/script.ts';
import { type ScriptedProvider, startScriptedProvider } from './provider/scripted-provider.ts';
import { type Desk, makeDesk, runAgent, type Session, type SessionOptions } from './run-agent.ts';

/** A gateway in front of one scripted provider, which is configured once for each of its APIs. */
export interface Stage {
  readonly provider: ScriptedProvider;
  readonly gateway: TestGateway;
  /** Runs one turn of an agent through the gateway. Without a desk, it uses a fresh one and removes it afterwards. */
  readonly turn: (agent: Startable, turn: Turn) => Promise<Session>;
  readonly stop: () => Promise<void>;
}

export interface Turn extends SessionOptions {
  readonly model: string;
  readonly key?: string;
  readonly desk?: Desk;
}

/** A key that may use every model. */
export const KEY = 'mk-agents-key';

const UPSTREAM_KEY = 'sk-upstream-of-agents';

/** A provider that speaks only one API, with one model. Every model name of a client maps to that one. */
const ONLY: Readonly<Record<Api, string>> = {
  chat: 'provider_type: openai, apis: [chat], api_base: "URL/v1", model_mapping: { "*": local-model }',
  responses: 'provider_type: openai-responses, api_base: "URL/v1", model_mapping: { "*": gpt-5.5 }',
  messages: 'provider_type: anthropic, api_base: "URL/v1", model_mapping: { "*": claude-opus-5-5 }',
  gemini: 'provider_type: gemini, api_base: "URL", model_mapping: { "*": gemini-3-pro }',
  converse:
    'provider_type: bedrock, region: eu-central-1, api_base: "URL", model_mapping: { "*": "amazon.nova-pro-v1:0" }',
};

/** Starts both. The provider speaks only `api`. */
export async function startStageOf(api: Api, clock?: SystemClock): Promise<Stage> {
  const provider = await startScriptedProvider(api);
  return stageOf(
    provider,
    `  - { name: only, api_key: ${UPSTREAM_KEY}, ${ONLY[api].replace('URL', provider.url)} }`,
    clock,
  );
}

/** Starts both. The provider serves OpenAI's, Anthropic's and Google's models, each by its own APIs. `clock` replaces the machine's. */
export async function startStage(clock?: SystemClock): Promise<Stage> {
  const provider = await startScriptedProvider();
  const at = (base: string): string => `api_base: "${provider.url}${base}", api_key: ${UPSTREAM_KEY}`;
  return stageOf(
    provider,
    `  - { name: openai, provider_type: openai, ${at('/v1')}, model_mapping: { "gpt-*": "*", scripted: scripted } }
  - { name: anthropic, provider_type: anthropic, ${at('/v1')}, model_mapping: { claude-opus-5-5: claude-opus-5-5, "claude-*": "*" } }
  - { name: google, provider_type: gemini, ${at('')}, model_mapping: { "gemini-*": "*" } }`,
    clock,
  );
}

function stageOf(provider: ScriptedProvider, providers: string, clock: SystemClock | undefined): Stage {
  const gateway = startGateway(
    `
providers:
${providers}
fallback: { cooldown_seconds: 0 }
master_keys:
  - { name: agents, key: ${KEY} }
  - { name: narrow, key: mk-narrow-key, allowed_models: [other] }
  - { name: spent, key: mk-spent-key, rate_limit: { requests_per_second: 0, burst_size: 0 } }`,
    clock,
  );
  return {
    provider,
    gateway,
    async turn(agent, { desk, key = KEY, ...session }) {
      const place = desk ?? (await makeDesk());
      const ended = await runAgent(agent, place, { url: gateway.url, key, ...session });
      if (desk === undefined) await place.remove();
      return ended;
    },
    async stop() {
      await gateway.stop();
      await provider.stop();
    },
  };
}
