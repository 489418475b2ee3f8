import type { Reasoning, Seal } from '../conversation.ts';
import { openEnvelope } from '../envelope.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';

/** Reads an assistant message's reasoning from `reasoning_details`, else `reasoning_content`, else `reasoning`. */
export function readReasoning(message: JsonObject, path: string): readonly Reasoning[] {
  const text = asString(message['reasoning_content']) ?? asString(message['reasoning']) ?? '';
  const details = asArray(message['reasoning_details'])
    .map((value, index) => readDetail(asObject(value) ?? {}, `${path}.reasoning_details[${index}]`))
    .filter((detail) => detail !== undefined);
  if (details.length === 0) {
    const field = asString(message['reasoning_content']) === undefined ? 'reasoning' : 'reasoning_content';
    return text === '' ? [] : [{ kind: 'reasoning', text, redacted: false, path: `${path}.${field}` }];
  }
  // OpenAI's summary is a separate entry next to its sealed item.
  const sealed = details.findIndex(({ seal }) => seal?.origin === 'openai');
  if (sealed === -1 || text === '' || details.some((detail) => detail.text !== '')) return details;
  return details.map((detail, index) => (index === sealed ? { ...detail, text } : detail));
}

function readDetail(detail: JsonObject, path: string): Reasoning | undefined {
  switch (detail['type']) {
    case 'reasoning.text': {
      const signature = asString(detail['signature']) ?? '';
      const text = asString(detail['text']) ?? '';
      if (text === '' && signature === '') return undefined;
      return { kind: 'reasoning', text, redacted: false, path, ...sealOf(signature) };
    }
    case 'reasoning.encrypted': {
      const data = asString(detail['data']) ?? '';
      const envelope = openEnvelope(data);
      if (envelope !== undefined) {
        return { kind: 'reasoning', text: '', seal: envelope.seal, redacted: envelope.redacted, path };
      }
      const format = asString(detail['format']) ?? '';
      if (data === '' || (format !== '' && !format.startsWith('anthropic'))) return undefined;
      const seal: Seal = { origin: 'anthropic', provider: '', payload: data };
      return { kind: 'reasoning', text: '', seal, redacted: true, path };
    }
    case 'reasoning.summary': {
      const text = asString(detail['summary']) ?? '';
      return text === '' ? undefined : { kind: 'reasoning', text, redacted: false, path };
    }
    default:
      return undefined;
  }
}

/** The seal in a signature: one of the gateway's envelopes, or Anthropic's own signature. */
export function sealOf(signature: string): { readonly seal?: Seal } {
  if (signature === '') return {};
  const envelope = openEnvelope(signature);
  return { seal: envelope?.seal ?? { origin: 'anthropic', provider: '', payload: signature } };
}
