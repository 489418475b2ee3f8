import type { SystemClock } from '../../src/lib/system-clock.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import type { Agent } from './agents.ts';
import { type ScriptedProvider, startScriptedProvider } from './provider/scripted-provider.ts';
import { type Desk, makeDesk, runAgent, type Session, type SessionOptions } from './run-agent.ts';

/** A gateway in front of one scripted provider, under the names of all its APIs. */
export interface Stage {
  readonly provider: ScriptedProvider;
  readonly gateway: TestGateway;
  /** One turn of an agent through the gateway; at a fresh desk, which is removed then, unless one is given. */
  readonly turn: (agent: Agent, turn: Turn) => Promise<Session>;
  readonly stop: () => Promise<void>;
}

export interface Turn extends SessionOptions {
  readonly model: string;
  readonly key?: string;
  readonly desk?: Desk;
}

/** May use every model. */
export const KEY = 'mk-agents-key';

const UPSTREAM_KEY = 'sk-upstream-of-agents';

/** `more` is added to the configuration; `clock`: not the machine's. */
export async function startStage(more = '', clock?: SystemClock): Promise<Stage> {
  const provider = await startScriptedProvider();
  const at = (base: string): string => `api_base: "${provider.url}${base}", api_key: ${UPSTREAM_KEY}`;
  const gateway = startGateway(
    `
providers:
  - { name: openai, provider_type: openai, ${at('/v1')}, model_mapping: { "gpt-*": "*", scripted: scripted } }
  - { name: anthropic, provider_type: anthropic, ${at('/v1')}, model_mapping: { claude-opus-5-5: claude-opus-5-5, "claude-*": "*" } }
fallback: { cooldown_seconds: 0 }
master_keys:
  - { name: agents, key: ${KEY} }
  - { name: narrow, key: mk-narrow-key, allowed_models: [other] }
  - { name: spent, key: mk-spent-key, rate_limit: { requests_per_second: 0, burst_size: 0 } }
${more}`,
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
