import type { Answer, Choice } from '../answer.ts';
import { type Exchange, modelInAnswer } from '../exchange.ts';
import { type Finish, tellRefusal } from '../finish.ts';
import { asString, type JsonTree, writeJson } from '../json.ts';
import { writeUsage } from '../openai-chat/usage.ts';
import { writeLogprobs } from './logprobs.ts';

/** The body of a whole answer. */
export function writeAnswer(answer: Answer, exchange: Exchange): string {
  return writeJson({
    id: `cmpl-${exchange.suffix}`,
    object: 'text_completion',
    created: exchange.now,
    model: modelInAnswer(exchange, answer.model),
    choices: answer.choices.map((choice, index) => writeChoice(choice, index, exchange)),
    usage: writeUsage(answer.usage),
  });
}

/** The prompt if it precedes the text (`echo`), otherwise ''. */
export function echoedPrompt({ conversation }: Exchange): string {
  return asString(conversation.echo['prompt']) ?? '';
}

function writeChoice({ parts, finish, logprobs }: Choice, index: number, exchange: Exchange): JsonTree {
  const prompt = echoedPrompt(exchange);
  const texts = parts.map((part) => {
    if (part.kind === 'reasoning' || part.kind === 'call') {
      tellLost(part.kind, exchange);
      return '';
    }
    if ((part.citations?.length ?? 0) > 0) tellLost('citation', exchange);
    return part.text;
  });
  return {
    index,
    text: prompt + texts.join(''),
    logprobs: logprobs === undefined ? null : writeLogprobs(logprobs, prompt.length),
    finish_reason: writeFinish(finish, exchange),
  };
}

/** Records content that a completion cannot hold, since it consists of text only. */
export function tellLost(kind: 'reasoning' | 'call' | 'citation', { losses }: Exchange): void {
  if (kind === 'reasoning') losses.dropped('reasoning', 'a completion has no reasoning');
  else if (kind === 'call') losses.dropped('tool_calls', 'a completion has no calls');
  else losses.dropped('annotations', 'a completion has no citations');
}

export function writeFinish(finish: Finish, exchange: Exchange): string {
  tellRefusal(finish, exchange, false);
  switch (finish.reason) {
    case 'end':
    case 'stop_sequence':
    case 'tool_calls':
      return 'stop';
    case 'max_tokens':
    case 'context_window':
    case 'pause':
      return 'length';
    case 'refusal':
    case 'content_filter':
      return 'content_filter';
  }
}
