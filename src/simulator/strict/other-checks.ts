import { SHARED_FIELDS } from './openai-fields.ts';
import { checking, openAiWords } from './refuse.ts';
import { anything, anyObject, between, flag, integer, nullable, object, oneOf, text } from './shape.ts';

const { temperature, top_p: topP, user } = SHARED_FIELDS;
const SAMPLING = { ...(temperature && { temperature }), ...(topP && { top_p: topP }), ...(user && { user }) };

/** Refuses what OpenAI refuses in a completion request. */
export const checkCompletion = checking(openAiWords, ({ body }) => {
  object(
    { model: text, prompt: anything },
    {
      ...SAMPLING,
      best_of: nullable(between(0, 20)),
      echo: nullable(flag),
      frequency_penalty: nullable(between(-2, 2)),
      logit_bias: nullable(anyObject),
      logprobs: nullable(between(0, 5)),
      max_tokens: nullable(integer),
      n: nullable(between(1, 128)),
      presence_penalty: nullable(between(-2, 2)),
      seed: nullable(anything),
      stop: nullable(anything),
      stream: nullable(flag),
      stream_options: nullable(anyObject),
      suffix: nullable(text),
    },
  )(body, []);
});

/** Refuses what OpenAI refuses in an embeddings request. */
export const checkEmbeddings = checking(openAiWords, ({ body }) => {
  object(
    { model: text, input: anything },
    { dimensions: between(1, 10_000), encoding_format: oneOf('float', 'base64'), user: text },
  )(body, []);
});
