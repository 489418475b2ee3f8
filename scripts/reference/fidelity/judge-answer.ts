import type { ProviderApi } from '../../../src/translation/conversation.ts';
import type { Target } from '../../../src/translation/exchange.ts';
import type { JsonObject } from '../../../src/translation/json.ts';
import { readRequest, translationFor } from '../../../src/translation/pair.ts';
import type { AnswerFeature } from './answer-features.ts';
import type { Client } from './feature.ts';
import { type Verdict, wordFor } from './judge.ts';

/** Sends a sample answer from a provider to a client. Undefined if the provider's API can't express it. */
export async function judgeAnswer(
  client: Client,
  feature: AnswerFeature,
  api: ProviderApi,
): Promise<Verdict | undefined> {
  const given = feature.answers[api];
  if (given === undefined) return undefined;
  if (client === api) return { word: 'as sent', why: [], body: undefined, plainBody: undefined };
  const path = client === 'gemini' ? '/v1beta/models/m:generateContent' : '';
  const reading = await readRequest(client, JSON.stringify(ASKED[client]), { requestId: 'req_matrix', path });
  if (reading.kind === 'invalid') throw new Error(`A request is not read: ${reading.path}`);
  const translation = await translationFor(client, api, targetOf(api));
  const asked = translation.request(reading.conversation, { requestId: 'req_matrix', now: 0 });
  if (asked.kind === 'unsuitable') throw new Error(`A request is refused: ${asked.loss.path}`);
  const { losses } = asked.exchange;
  const before = losses.count();
  const answer = translation.answer(JSON.stringify(given), asked.exchange);
  if (answer.kind === 'failed') throw new Error(`An answer is not read: ${api}: ${feature.name}`);
  const found = losses.all().slice(before);
  const body = withEnvelopesOpened(answer.body);
  const why = [...new Set(found.map((loss) => loss.why))];
  return { word: wordFor(found, feature.arrives.test(body)), why, body, plainBody: undefined };
}

/** Opens envelopes, because their contents have arrived as well. */
function withEnvelopesOpened(body: string): string {
  return body.replaceAll(/llmp1\.[a-z]+\.([A-Za-z0-9_-]+)/g, (_all, packed: string) =>
    Buffer.from(packed, 'base64url').toString(),
  );
}

/** Each client requests reasoning if its API allows that. */
const ASKED: Readonly<Record<Client, JsonObject>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'Hello' }], reasoning_effort: 'high' },
  responses: {
    model: 'm',
    input: 'Hello',
    store: false,
    reasoning: { effort: 'high', summary: 'auto' },
    include: ['reasoning.encrypted_content'],
  },
  messages: {
    model: 'm',
    messages: [{ role: 'user', content: 'Hello' }],
    max_tokens: 9000,
    thinking: { type: 'enabled', budget_tokens: 5000 },
  },
  completions: { model: 'm', prompt: 'Hello' },
  gemini: {
    contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
    generationConfig: { thinkingConfig: { includeThoughts: true } },
  },
};

const targetOf = (api: ProviderApi): Target => ({
  provider: 'p',
  api,
  carriage: undefined,
  dialect: 'generic',
  model: MODELS[api],
  policy: 'drop',
});

const MODELS: Readonly<Record<ProviderApi, string>> = {
  chat: 'some-model',
  responses: 'gpt-5.1',
  messages: 'claude-opus-4-8',
  gemini: 'gemini-3-pro',
  converse: 'us.anthropic.claude-opus-4-8',
};
