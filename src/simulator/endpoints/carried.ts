import { type Answer, jsonAnswer, streamAnswer } from '../answer.ts';
import type { Call } from '../call.ts';
import { badRequest } from '../api-error.ts';
import { stringOf } from '../json.ts';
import { answerTokenCount, messageEvents, planMessage, wholeMessage } from './messages.ts';

/** POST model/{id}/invoke: a message. The body contains no model. */
export function answerInvoke(call: Call): Answer {
  const plan = planMessage({ ...call, isStream: false });
  const { inputTokens, outputTokens } = plan.usage;
  return jsonAnswer(wholeMessage(plan), {
    dialect: 'bedrock',
    usage: plan.usage,
    headers: [
      ['X-Amzn-Bedrock-Input-Token-Count', String(inputTokens)],
      ['X-Amzn-Bedrock-Output-Token-Count', String(outputTokens)],
    ],
  });
}

/** POST model/{id}/invoke-with-response-stream: frames that contain the events of a message. */
export function answerInvokeStream(call: Call): Answer {
  const plan = planMessage(call);
  return streamAnswer(messageEvents(plan, call.options), {
    dialect: 'bedrock',
    usage: plan.usage,
    framing: 'chunk-frames',
    headers: [['X-Amzn-Bedrock-Content-Type', 'application/json']],
  });
}

/** POST …/publishers/anthropic/models/{id}:rawPredict, and count-tokens:rawPredict, whose body names the model. */
export function answerRawPredict(call: Call): Answer {
  const plan = planMessage({ ...call, isStream: false });
  return jsonAnswer(wholeMessage(plan), { dialect: 'anthropic', usage: plan.usage });
}

/** POST …:streamRawPredict: server-sent events. */
export function answerStreamRawPredict(call: Call): Answer {
  const plan = planMessage(call);
  return streamAnswer(messageEvents(plan, call.options), { dialect: 'anthropic', usage: plan.usage });
}

/** POST …/models/count-tokens:rawPredict. */
export function answerRawCount(call: Call): Answer {
  if (stringOf(call.body['model']) === undefined) throw badRequest('model: Field required');
  return answerTokenCount(call);
}
