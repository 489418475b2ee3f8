import { type Answer, jsonAnswer, streamAnswer, type Usage } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { answerText, type Call, CREATED, idOf, lengthOf, promptTokens } from '../call.ts';
import type { Item, Part } from '../item.ts';
import { objectOf, positiveOf } from '../json.ts';
import { thoughts } from '../thoughts.ts';
import { openAiUsage } from '../usage.ts';
import { joinText, type Text } from '../words.ts';

/** POST completions: the legacy API, whose choices are texts. */
export function answerCompletion(call: Call): Answer {
  const { body, options } = call;
  if (body['prompt'] === undefined) throw badRequest("Missing required parameter: 'prompt'.");
  const length = lengthOf(call);
  const count = Math.min(Math.floor(positiveOf(body['n']) ?? 1), 128);
  const texts = Array.from({ length: count }, (_, nth) => answerText(call, length.words, nth));
  const finishReason = options.finishReason ?? (length.isCut ? 'length' : 'stop');
  const usage: Usage = {
    inputTokens: promptTokens(body['prompt']),
    outputTokens: texts.reduce((sum, text) => sum + text.count, 0),
    reasoningTokens: 0,
  };
  const base = { id: idOf(call, 'cmpl-'), object: 'text_completion', created: CREATED, model: call.model };
  const shape = { dialect: 'openai', usage } as const;
  if (call.isStream) return streamAnswer(events(call, { base, texts, finishReason, usage }), shape);
  const choices = texts.map((text, index) => choice(index, joinText(text), finishReason));
  return jsonAnswer({ ...base, choices, usage: openAiUsage(usage) }, shape);
}

interface Plan {
  readonly base: object;
  readonly texts: readonly Text[];
  readonly finishReason: string;
  readonly usage: Usage;
}

function* events(call: Call, { base, texts, finishReason, usage }: Plan): Generator<Item> {
  const wantsUsage = objectOf(call.body['stream_options'])['include_usage'] === true;
  const extra = wantsUsage ? { usage: null } : {};
  const event = (part: Part, fields: object): Item => ({
    kind: 'event',
    part,
    name: '',
    data: JSON.stringify({ ...base, ...fields }),
  });
  yield* thoughts(call.options, { kind: 'comment', text: 'keepalive' });
  for (const [index, text] of texts.entries()) {
    for (let at = 0; at < text.count; at++) {
      yield event('content', { choices: [choice(index, text.piece(at), null)], ...extra });
    }
    yield event('finish', { choices: [choice(index, '', finishReason)], ...extra });
  }
  if (wantsUsage) yield event('usage', { choices: [], usage: openAiUsage(usage) });
  yield { kind: 'event', part: 'done', name: '', data: '[DONE]' };
}

function choice(index: number, text: string, finishReason: string | null): unknown {
  return { index, text, logprobs: null, finish_reason: finishReason };
}
