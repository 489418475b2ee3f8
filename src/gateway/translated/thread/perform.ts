import { carry } from '../../../translation/carriage/carry.ts';
import {
  embeddingsAnswer,
  readEmbeddings,
  writeEmbeddings,
} from '../../../translation/embeddings/embeddings.ts';
import { translationFor } from '../../../translation/pair.ts';
import { collectedAnswer } from '../collected-answer.ts';
import { readBody } from '../lazy-conversation.ts';
import { repaired } from '../repair.ts';
import { writeRequestBody } from '../request-body.ts';
import { writtenAnswer } from '../written-answer.ts';
import { revivedExchange, revivedLosses, sentExchange, sentLosses } from './sent-exchange.ts';
import type { Results, WorkKind, WorkMessage, Works } from './work.ts';

/** Does one piece of work. */
export function perform<Kind extends WorkKind>({
  kind,
  work,
  bytes,
}: WorkMessage<Kind>): Promise<Results[Kind]> {
  return PERFORMERS[kind](work, bytes);
}

type Performer<Kind extends WorkKind> = (work: Works[Kind], bytes: Uint8Array) => Promise<Results[Kind]>;

const PERFORMERS: { readonly [Kind in WorkKind]: Performer<Kind> } = {
  async request({ api, context, order, targets }, bytes) {
    const reading = await readBody(bytes, api, context);
    if (reading.kind === 'invalid') return reading;
    const { conversation } = reading;
    const target = conversation.tools.length > 0 ? targets.withTools : targets.plain;
    const written = await writeRequestBody(conversation, target, order);
    return written.kind === 'written' ? { ...written, exchange: sentExchange(written.exchange) } : written;
  },

  carry({ target, request }, bytes) {
    const { losses, ...carried } = carry(bytes, target, request);
    return Promise.resolve({ ...carried, losses: sentLosses(losses) });
  },

  repair({ target, contentType }, bytes) {
    return Promise.resolve({ repaired: repaired(bytes, target, contentType) });
  },

  async answer({ exchange: sent }, bytes) {
    const exchange = revivedExchange(sent);
    const { conversation, target } = exchange;
    const translation = await translationFor(conversation.api, target.api, target);
    const written = writtenAnswer(text(bytes), exchange, translation);
    return { ...written, losses: sentLosses(exchange.losses) };
  },

  async collect({ exchange: sent, framed }, bytes) {
    const exchange = revivedExchange(sent);
    const { conversation, target } = exchange;
    const translation = await translationFor(conversation.api, target.api, target);
    const collected = collectedAnswer(bytes, framed, exchange, translation);
    return { ...collected, losses: sentLosses(exchange.losses) };
  },

  vectors({ client, context, target, answerModel }, bytes) {
    const reading = readEmbeddings(client, text(bytes), context);
    if (reading.kind === 'invalid') return Promise.resolve(reading);
    const written = writeEmbeddings(reading.asked, target, { answerModel });
    if (written.kind === 'unsuitable') return Promise.resolve(written);
    const { losses, asked, ...plain } = written.exchange;
    const exchange = { ...plain, asked: { ...asked, only: [] }, losses: sentLosses(losses) };
    return Promise.resolve({ kind: 'written', body: encoded(written.body), exchange });
  },

  'vectors-answer'({ exchange, estimate }, bytes) {
    const losses = revivedLosses(exchange.losses);
    const made = embeddingsAnswer(text(bytes), { ...exchange, losses }, () => estimate);
    return Promise.resolve(made.kind === 'failed' ? made : { ...made, body: encoded(made.body) });
  },
};

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function encoded(written: string): Uint8Array {
  return new TextEncoder().encode(written);
}
