import { decodeLargeBody } from '../../lib/http/content-coding.ts';
import { AnswerBody } from '../../protocols/answer-body.ts';
import { NO_TEXT } from '../../protocols/text.ts';
import type { Defect } from '../../routing/outcome.ts';
import { bedrockCountOf } from '../../translation/carriage/bedrock-events.ts';
import type { EmbeddingsExchange } from '../../translation/embeddings/embeddings.ts';
import { errorInBody, readError } from '../../translation/errors.ts';
import type { HubError } from '../../translation/hub-error.ts';
import { unreadable } from '../../translation/hub-error.ts';
import { asObject, parsed } from '../../translation/json.ts';
import type { WholeAnswer } from '../answer.ts';
import { outcomeOfAbort } from '../attempt-timeouts.ts';
import { readWhole } from '../body/body-reader.ts';
import type { Classification, Reply, ReplyContext } from '../classification.ts';
import { decodedBody } from '../body/decoded-body.ts';
import type { ReplyTranslation } from './reply-translation.ts';
import { sniffEvents } from '../body/sniffed-body.ts';
import { headerMap, translatedHeaders } from './translated-headers.ts';
import { classifyTranslatedFailure, failureAnswer } from './translated-failure.ts';
import { openTranslatedStream } from './open-translated-stream.ts';
import { answerText, gatewayUsage } from './translated-usage.ts';
import { isFrames } from './unframed-body.ts';

/** Maximum size of an answer that is buffered completely. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;

/** Classifies a 2xx reply that is to be translated into the client's API. */
export async function classifyTranslated(
  reply: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const { how } = translation;
  if (how.kind === 'written' && how.exchange.conversation.operation === 'generate') {
    const decoded = decodedBody(reply);
    if (isFrames(decoded.headers) || isEvents(decoded.headers))
      return openTranslatedStream(decoded, reading, translation, wholeOf);
    if (!how.exchange.conversation.stream) return wholeOf(reply, reading, translation);
    const sniffed = await sniffEvents(decoded, reading.timeouts);
    if (reading.timeouts.cause !== undefined) return { outcome: outcomeOfAbort(reading.timeouts.cause) };
    return sniffed.isEvents
      ? openTranslatedStream(sniffed.reply, reading, translation, wholeOf)
      : wholeOf(sniffed.reply, reading, translation);
  }
  return wholeOf(reply, reading, translation);
}

function isEvents(headers: Headers): boolean {
  return headers.get('content-type')?.toLowerCase().startsWith('text/event-stream') ?? false;
}

/** Translates a complete reply: an answer, a token count, or embeddings. */
async function wholeOf(
  reply: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const { status, headers } = reply;
  const body = await readWhole(reply, reading.timeouts, MAX_WHOLE_BYTES);
  if (reading.timeouts.cause !== undefined) return { outcome: outcomeOfAbort(reading.timeouts.cause) };
  const failed = (defect: Defect): Classification => ({
    outcome: { kind: 'failed', status, defect, retryAfterMs: undefined, fault: 'provider' },
  });
  if (body.kind === 'broken' || body.isCut) return failed('truncated');
  const bytes = await decodeLargeBody(body.bytes, headers.get('content-encoding'), MAX_WHOLE_BYTES);
  if (typeof bytes === 'string') return failed(bytes === 'damaged' ? 'truncated' : 'malformed');
  const text = new TextDecoder().decode(bytes);
  const read = reading.protocol.readAnswer(new AnswerBody(bytes), headers.get('content-type') ?? '');
  const defect = read.defect ?? defectOf(text);
  const place = { headers, status };
  if (defect === 'error-object') {
    const error = errorInBody(asObject(parsed(text)) ?? {});
    if (error === undefined) return failed(defect);
    return classifyTranslatedFailure({ error, headers, defect }, reading, translation);
  }
  if (defect !== undefined) return failed(defect);
  return translatedWhole(text, place, reading, translation);
}

/** Finds defects in a body that only its translation judges. */
function defectOf(text: string): Defect | undefined {
  const first = text.trimStart().charAt(0);
  if (first === '') return 'empty';
  if (first === '<') return 'html';
  return first === '{' || first === '[' ? undefined : 'malformed';
}

interface Place {
  readonly headers: Headers;
  readonly status: number;
}

// oxlint-disable-next-line max-params -- the body, its origin and its translation
function translatedWhole(
  text: string,
  { headers, status }: Place,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Classification | Promise<Classification> {
  const { how } = translation;
  const failure = (error: HubError): Classification =>
    classifyTranslatedFailure({ error, headers, defect: 'malformed' }, reading, translation);
  const answered = (bytes: Uint8Array, more: Partial<WholeAnswer> = {}, type = 'application/json') => ({
    outcome: { kind: 'answered' as const },
    answer: {
      kind: 'whole' as const,
      status,
      headers: translatedHeaders(headers, type, reading, translation),
      bytes,
      usage: undefined,
      text: NO_TEXT,
      ...more,
    },
  });
  switch (how.kind) {
    case 'carried': {
      const tokens = bedrockCountOf(text);
      if (tokens === undefined) return failure(unreadable('it holds no count of tokens'));
      return answered(encoded(JSON.stringify({ input_tokens: tokens })));
    }
    case 'vectors':
      return vectors(text, how.exchange, { reading, failure, answered });
    case 'written': {
      const { translation: pair, exchange, carriage } = how;
      if (exchange.conversation.operation === 'count') {
        const isBedrock = carriage === 'bedrock';
        const tokens = isBedrock ? bedrockCountOf(text) : pair.provider.readCount?.(text);
        if (tokens === undefined) return failure(unreadable('it holds no count of tokens'));
        return answered(encoded(pair.client.writeCount?.(tokens) ?? '{}'));
      }
      if (exchange.conversation.stream) {
        const made = pair.answerAsStream(text, exchange);
        if (made.kind === 'failed') return failure(made.error);
        const bytes = Buffer.concat(made.bytes);
        const usage = gatewayUsage(made.answer.usage);
        return answered(
          bytes,
          { usage, text: answerText(made.answer, usage) },
          pair.client.streamType(exchange),
        );
      }
      const made = pair.answer(text, exchange);
      if (made.kind === 'failed') return failure(made.error);
      const usage = gatewayUsage(made.answer.usage);
      return answered(encoded(made.body), { usage, text: answerText(made.answer, usage) });
    }
  }
}

interface Told {
  readonly reading: ReplyContext;
  readonly failure: (error: HubError) => Classification;
  readonly answered: (bytes: Uint8Array, more: Partial<WholeAnswer>) => Classification;
}

/**
 * Translates embeddings. Estimates the token count with a tokenizer if the client's API requires one that the
 * provider does not report.
 */
async function vectors(
  text: string,
  exchange: EmbeddingsExchange,
  { reading, failure, answered }: Told,
): Promise<Classification> {
  const { embeddingsAnswer } = await import('../../translation/embeddings/embeddings.ts');
  const inputs = exchange.asked.inputs.map(({ value }) => value).join('\n');
  let estimate = 0;
  let made = embeddingsAnswer(text, exchange, () => 0);
  if (made.kind === 'answer' && made.isEstimated) {
    estimate = await reading.gateway.tokens.count(inputs);
    made = embeddingsAnswer(text, exchange, () => estimate);
  }
  if (made.kind === 'failed') return failure(made.error);
  const { tokens, isEstimated } = made;
  const usage = isEstimated
    ? undefined
    : {
        inputTokens: tokens,
        outputTokens: undefined,
        totalTokens: tokens,
        cachedTokens: undefined,
        reasoningTokens: undefined,
      };
  return answered(encoded(made.body), { usage });
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Translates the provider's error into the client's API. */
export function translatedError(
  reply: Reply,
  decoded: Uint8Array,
  reading: ReplyContext,
  translation: ReplyTranslation,
): WholeAnswer | undefined {
  const body = new TextDecoder().decode(decoded);
  const { status, headers } = reply;
  // Vertex forwards Anthropic's errors unchanged.
  if (translation.how.kind === 'carried' && asObject(parsed(body))?.['type'] === 'error') return undefined;
  const nowSeconds = Math.floor(reading.gateway.clock.epochMs() / 1000);
  const error = readError(translation.from, { status, headers: headerMap(headers), body }, nowSeconds);
  return failureAnswer({ error, headers, defect: 'error-object' }, reading, translation);
}
