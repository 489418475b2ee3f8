import type { Provider } from '../config/snapshot.ts';
import type { UpstreamRequest, UpstreamTarget } from '../gateway/ports.ts';
import { routeSpeech } from '../translation/targets.ts';

/** The request that probes whether a provider serves. */
export type Question = Pick<UpstreamRequest, 'method' | 'path' | 'body' | 'target' | 'model'>;

/** Providers without a list of models at the address where they are asked. */
export function hasModelList({ type }: Pick<Provider, 'type'>): boolean {
  return type !== 'vertex' && type !== 'bedrock';
}

/** Asks for the list of models. */
export function listQuestion({ type }: Pick<Provider, 'type'>): Question {
  return { method: 'GET', path: type === 'gemini' ? '/v1beta/models' : '/v1/models', body: undefined };
}

/** Asks a model for one token, in an API that its provider has. */
export function tokenQuestion(provider: Provider, model: string): Question {
  const { target, body } = smallest(provider, model);
  const path = provider.type === 'anthropic' ? '/v1/messages' : '/v1/chat/completions';
  return { method: 'POST', path, model, target, body: [new TextEncoder().encode(JSON.stringify(body))] };
}

interface Smallest {
  readonly target?: UpstreamTarget;
  readonly body: object;
}

const MESSAGES = [{ role: 'user', content: 'Hi' }];

function smallest(provider: Provider, model: string): Smallest {
  const speech = routeSpeech(provider.speaks, { model }, { api: 'chat', hasFunctionTools: false });
  const plain = { body: { model, max_tokens: 1, messages: MESSAGES } };
  if (speech.kind !== 'translate') return plain;
  const { api, carriage } = speech;
  const target = {
    api,
    carriage,
    model,
    operation: 'generate',
    isStream: false,
    body: 'translated',
  } as const;
  switch (api) {
    case 'chat':
      return plain;
    case 'responses':
      // The smallest limit that this API takes.
      return { target, body: { model, input: 'Hi', max_output_tokens: 16, store: false } };
    case 'messages':
      return { target, body: { ...(carriage === undefined ? { model } : VERSIONS[carriage]), ...SHORT } };
    case 'gemini':
      return {
        target,
        body: {
          contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
          generationConfig: { maxOutputTokens: 1 },
        },
      };
    case 'converse':
      return {
        target,
        body: { messages: [{ role: 'user', content: [{ text: 'Hi' }] }], inferenceConfig: { maxTokens: 1 } },
      };
  }
}

const SHORT = { max_tokens: 1, messages: MESSAGES };

const VERSIONS = {
  bedrock: { anthropic_version: 'bedrock-2023-05-31' },
  vertex: { anthropic_version: 'vertex-2023-10-16' },
} as const;
