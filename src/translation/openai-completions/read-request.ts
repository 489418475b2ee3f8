import type { Conversation, OnlyField, Output, Sampling, Turn } from '../conversation.ts';
import { asArray, type JsonObject } from '../json.ts';
import type { Loss } from '../losses.ts';
import { Fields, readBody } from '../request-fields.ts';
import { InvalidBody, reading, type ReadContext, type RequestReading } from '../sides.ts';

/** Reads a body of the legacy POST /v1/completions. The prompt becomes a user message. */
export function readRequest(text: string, _context: ReadContext): RequestReading {
  return reading(() => readConversation(readBody(text)));
}

function readConversation(body: JsonObject): Conversation {
  const fields = new Fields(body);
  const prompt = readPrompt(fields, body);
  const streamOptions = new Fields(fields.object('stream_options') ?? {});
  const { output, sampling } = readAmounts(fields);
  const isEchoed = fields.any('echo') === true;
  const only = [...prompt.only, ...readOnly(fields)];
  const user = fields.placedString('user');
  return {
    api: 'completions',
    model: fields.string('model') ?? '',
    operation: 'generate',
    system: [],
    turns: prompt.turns,
    tools: [],
    serverTools: [],
    toolChoice: undefined,
    parallelTools: undefined,
    output,
    reasoning: undefined,
    sampling,
    meta: { user },
    stream: fields.boolean('stream') === true,
    includeUsage: streamOptions.boolean('include_usage') === true,
    seesSeals: false,
    legacyFunctions: false,
    cache: undefined,
    only: [...only, ...fields.rest()],
    losses: isEchoed && sampling.logprobs !== undefined ? [ECHO_WITHOUT_LOGPROBS] : [],
    echo: isEchoed ? { prompt: prompt.text } : {},
  };
}

const ECHO_WITHOUT_LOGPROBS: Loss = {
  path: 'echo',
  what: 'approximated',
  class: 'tuning',
  why: 'prompt tokens have no log probabilities',
};

interface Prompt {
  readonly text: string;
  readonly turns: readonly Turn[];
  readonly only: readonly OnlyField[];
}

/**
 * Reads the prompt: one string, alone or in a list. Other APIs accept neither several prompts nor tokens. @throws
 * InvalidBody
 */
function readPrompt(fields: Fields, body: JsonObject): Prompt {
  const path = 'prompt';
  const value = fields.any(path);
  const alone = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
  if (typeof alone === 'string') {
    return {
      text: alone,
      turns: [{ role: 'user', parts: [{ kind: 'text', text: alone, path }], path }],
      only: [],
    };
  }
  const isNull = body[path] === null;
  if (!isNull && !Array.isArray(value)) throw new InvalidBody(path, 'expected a string or a list');
  const why = isNull
    ? 'the other API needs a prompt'
    : asArray(value).some((each) => typeof each === 'string')
      ? 'the other API accepts only one prompt'
      : 'token ids are specific to one model';
  return { text: '', turns: [], only: [{ path, class: 'meaning', why, value: value ?? null }] };
}

function readAmounts(fields: Fields): { readonly output: Output; readonly sampling: Sampling } {
  const stop = fields.any('stop');
  const stops = typeof stop === 'string' ? [stop] : asArray(stop).filter((text) => typeof text === 'string');
  const maxTokens = fields.placedNumber('max_tokens');
  const n = fields.placedNumber('n');
  const logprobs = fields.placedNumber('logprobs');
  return {
    output: {
      format: { kind: 'text' },
      maxTokens: maxTokens?.value === 0 ? undefined : maxTokens,
      stop: stops.length === 0 ? undefined : { value: stops, path: 'stop' },
      verbosity: undefined,
    },
    sampling: {
      temperature: fields.placedNumber('temperature'),
      topP: fields.placedNumber('top_p'),
      frequencyPenalty: fields.placedNumber('frequency_penalty'),
      presencePenalty: fields.placedNumber('presence_penalty'),
      seed: fields.placedNumber('seed'),
      logitBias: fields.placedObject('logit_bias'),
      n: n?.value === 1 ? undefined : n,
      logprobs: logprobs === undefined ? undefined : { value: true, path: logprobs.path },
      topLogprobs: logprobs,
    },
  };
}

/** Fields that only this API has and that would change the answer if dropped. */
function readOnly(fields: Fields): readonly OnlyField[] {
  const only: OnlyField[] = [];
  const suffix = fields.string('suffix');
  if (suffix !== undefined && suffix !== '')
    only.push({
      path: 'suffix',
      class: 'meaning',
      why: 'the other API cannot insert text before a suffix',
      value: suffix,
    });
  const best = fields.number('best_of');
  if (best !== undefined && best > 1)
    only.push({ path: 'best_of', class: 'meaning', why: 'the other API has no best_of', value: best });
  if (fields.any('max_tokens') === 0)
    only.push({
      path: 'max_tokens',
      class: 'meaning',
      why: 'the other API always generates an answer',
      value: 0,
    });
  return only;
}
