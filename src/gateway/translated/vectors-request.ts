import { protocolNamed } from '../../protocols/by-path.ts';
import type { EmbeddingsClient } from '../../translation/embeddings/asked.ts';
import {
  type EmbeddingsExchange,
  type EmbeddingsTarget,
  readEmbeddings,
  writeEmbeddings,
} from '../../translation/embeddings/embeddings.ts';
import { createLossList } from '../../translation/losses.ts';
import { shownModel } from '../answer-model.ts';
import type { ClientCall } from './client-call.ts';
import type { AttemptContext, PreparedRequest } from '../prepared-request.ts';
import { revivedLosses } from './thread/sent-exchange.ts';
import { GIVEN_UP, THREAD_BYTES } from './thread/translation-thread.ts';
import type { Results } from './thread/work.ts';
import { policyFor } from './translation-policy.ts';
import { upstreamModelOf } from '../upstream-model.ts';

/** Translates a request for embeddings into another API, in a thread if it is large. */
export async function vectorsRequest(
  context: AttemptContext,
  call: ClientCall,
  api: EmbeddingsTarget['api'],
): Promise<PreparedRequest> {
  const { planned, route } = context;
  const client = call.api === 'gemini' ? 'gemini' : 'embeddings';
  const model = upstreamModelOf(planned, route);
  const target = { api, model, policy: policyFor(context) };
  const written = await writtenVectors(context, client, target);
  if (written.kind === 'invalid') {
    const { path, message } = written;
    return { kind: 'unsuitable', loss: { path, why: message, isInvalid: true }, note: undefined };
  }
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
    body: [body],
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

type WrittenVectors =
  | Exclude<Results['vectors'], { kind: 'written' }>
  | { readonly kind: 'written'; readonly body: Uint8Array; readonly exchange: EmbeddingsExchange };

async function writtenVectors(
  { planned, gateway }: AttemptContext,
  client: EmbeddingsClient,
  target: EmbeddingsTarget,
): Promise<WrittenVectors> {
  const { request, plan } = planned;
  const { body: bytes } = plan;
  const asking = { requestId: planned.id, path: request.path + request.search };
  const answerModel = shownModel(planned);
  if (gateway.translator !== undefined && bytes.byteLength > THREAD_BYTES) {
    const work = { client, context: asking, target, answerModel };
    const made = await gateway.translator.run('vectors', work, { bytes, signal: request.signal });
    if (made === undefined) return GIVEN_UP;
    if (made.kind !== 'written') return made;
    return { ...made, exchange: { ...made.exchange, losses: revivedLosses(made.exchange.losses) } };
  }
  const reading = readEmbeddings(client, new TextDecoder().decode(bytes), asking);
  if (reading.kind === 'invalid') return reading;
  const written = writeEmbeddings(reading.asked, target, { answerModel });
  return written.kind === 'unsuitable'
    ? written
    : { ...written, body: new TextEncoder().encode(written.body) };
}
