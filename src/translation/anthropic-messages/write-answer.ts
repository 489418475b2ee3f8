import type { Answer, AnswerPart } from '../answer.ts';
import type { Seal } from '../conversation.ts';
import { envelopeOf } from '../envelope.ts';
import { type Exchange, modelInAnswer } from '../exchange.ts';
import { type JsonTree, writeJson } from '../json.ts';
import { isReported, type Usage } from '../usage.ts';
import { argumentsObject } from '../write-common.ts';
import { writeFinish } from './finish.ts';
import { writeUsage } from './usage.ts';

/** The body of a whole answer. */
export function writeAnswer(answer: Answer, exchange: Exchange): string {
  const [choice] = answer.choices;
  return writeJson({
    ...messageHead(exchange, answer.model),
    content: choice?.parts.flatMap((part) => writePart(part, exchange)) ?? [],
    ...writeFinish(choice?.finish ?? { reason: 'end' }, exchange),
    usage: writeUsage(toldUsage(answer.usage, exchange)),
  });
}

/** The members of a message that are known before its content. */
export function messageHead(exchange: Exchange, model: string | undefined): JsonTree {
  return {
    id: `msg_${exchange.suffix}`,
    type: 'message',
    role: 'assistant',
    model: modelInAnswer(exchange, model),
    content: [],
    container: null,
    diagnostics: null,
    stop_details: null,
    stop_reason: null,
    stop_sequence: null,
  };
}

/** The usage unchanged. Records a loss if the provider reported none and zeros replace it. */
export function toldUsage(usage: Usage | undefined, exchange: Exchange): Usage | undefined {
  if (!isReported(usage)) exchange.losses.approximated('usage', 'the provider reported none');
  return usage;
}

function writePart(part: AnswerPart, exchange: Exchange): readonly JsonTree[] {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      if ((part.citations?.length ?? 0) > 0)
        exchange.losses.dropped('annotations', 'citations require an encrypted index in this API');
      return [...sealBlock(part.seal, exchange), ...textBlock(part.text)];
    case 'reasoning':
      return [writeReasoning(part, exchange)];
    case 'call': {
      const input = argumentsObject(part, part.path ?? 'tool_calls', exchange.losses);
      const { id, name } = part;
      return [
        ...sealBlock(part.seal, exchange),
        { type: 'tool_use', id, name, input, caller: { type: 'direct' } },
      ];
    }
  }
}

function textBlock(text: string): readonly JsonTree[] {
  return text === '' ? [] : [{ type: 'text', text, citations: null }];
}

function writeReasoning(part: Extract<AnswerPart, { kind: 'reasoning' }>, exchange: Exchange): JsonTree {
  const { text, seal, redacted } = part;
  if (redacted && seal?.origin === 'anthropic') return { type: 'redacted_thinking', data: seal.payload };
  return { type: 'thinking', thinking: text, signature: signatureOf(seal, redacted, exchange) };
}

/** The signature for a Messages client: Anthropic's own verbatim, any other in an envelope, '' for none. */
export function signatureOf(seal: Seal | undefined, redacted: boolean, exchange: Exchange): string {
  if (seal === undefined) return '';
  if (seal.origin === 'anthropic') return seal.payload;
  const envelope = envelopeOf(seal, redacted);
  if (envelope === undefined) exchange.losses.dropped('reasoning', 'the seal is too long');
  return envelope ?? '';
}

/** The seal of a tool call or a text, as a thinking block immediately before it. */
function sealBlock(seal: Seal | undefined, exchange: Exchange): readonly JsonTree[] {
  const signature = signatureOf(seal, false, exchange);
  return signature === '' ? [] : [{ type: 'thinking', thinking: '', signature }];
}
