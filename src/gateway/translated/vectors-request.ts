import { protocolNamed } from '../../protocols/by-path.ts';
import {
  type EmbeddingsTarget,
  readEmbeddings,
  writeEmbeddings,
} from '../../translation/embeddings/embeddings.ts';
import { createLossList } from '../../translation/losses.ts';
import { shownModel } from '../answer-model.ts';
import type { ClientCall } from './client-call.ts';
import type { AttemptContext, PreparedRequest } from '../prepared-request.ts';
import { policyFor } from './translation-policy.ts';
import { upstreamModelOf } from '../upstream-model.ts';

/** Translates a request for embeddings into another API. */
export function vectorsRequest(
  context: AttemptContext,
  call: ClientCall,
  api: EmbeddingsTarget['api'],
): PreparedRequest {
  const { planned, route } = context;
  const { request, plan } = planned;
  const client = call.api === 'gemini' ? 'gemini' : 'embeddings';
  const reading = readEmbeddings(client, new TextDecoder().decode(plan.body), {
    requestId: planned.id,
    path: request.path + request.search,
  });
  if (reading.kind === 'invalid') {
    const { path, message } = reading;
    return { kind: 'unsuitable', loss: { path, why: message, isInvalid: true }, note: undefined };
  }
  const model = upstreamModelOf(planned, route);
  const target = { api, model, policy: policyFor(context) };
  const written = writeEmbeddings(reading.asked, target, { answerModel: shownModel(planned) });
  if (written.kind === 'unsuitable') {
    const losses = createLossList();
    for (const loss of written.losses) losses.add(loss);
    const { path, why } = written.loss;
    const pair = `${client === 'gemini' ? 'gemini' : 'openai-embeddings'}>${api}`;
    return { kind: 'unsuitable', loss: { path, why, isInvalid: false }, note: { pair, losses } };
  }
  const { exchange, body } = written;
  const note = { pair: exchange.pair, losses: exchange.losses };
  const isGoogle = api !== 'openai';
  return {
    kind: 'ready',
    body: [new TextEncoder().encode(body)],
    contentType: 'application/json',
    target: {
      api: isGoogle ? 'gemini' : 'embeddings',
      operation: 'embed',
      carriage: api === 'vertex' ? 'vertex' : undefined,
      model,
      isStream: false,
      body: 'translated',
    },
    protocol: protocolNamed('opaque'),
    hidesUsage: false,
    reply: { from: isGoogle ? 'gemini' : 'chat', to: call.api, note, how: { kind: 'vectors', exchange } },
    note,
    isTrialOf: undefined,
  };
}
