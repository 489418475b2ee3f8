import { type Answer, streamAnswer } from '../answer.ts';
import { answerText, type Call, CREATED, idOf, lengthOf, promptTokens } from '../call.ts';
import type { Item, Part } from '../item.ts';
import type { JsonObject } from '../json.ts';
import { positiveOf } from '../json.ts';
import { joinText } from '../words.ts';

const SHAPE = { dialect: 'openai' } as const;

/** Streams the partial images and then the complete one, with events of `image_generation` or `image_edit`. */
export function streamImages(call: Call, kind: 'image_generation' | 'image_edit', png: string): Answer {
  const partial = Math.floor(positiveOf(call.body['partial_images']) ?? 2);
  const tokens = promptTokens(call.body['prompt']);
  return streamAnswer(events(), SHAPE);

  function* events(): Generator<Item> {
    for (let index = 0; index < partial; index++) {
      yield named('content', `${kind}.partial_image`, { b64_json: png, partial_image_index: index });
    }
    const usage = { input_tokens: tokens, output_tokens: partial, total_tokens: tokens + partial };
    yield named('done', `${kind}.completed`, { b64_json: png, created_at: CREATED, usage });
  }
}

/** Streams a transcription one word at a time. */
export function streamTranscription(call: Call): Answer {
  const text = answerText(call, lengthOf(call).words);
  return streamAnswer(events(), SHAPE);

  function* events(): Generator<Item> {
    for (let at = 0; at < text.count; at++) {
      yield named('content', 'transcript.text.delta', { delta: text.piece(at) });
    }
    const usage = {
      type: 'tokens',
      input_tokens: 10,
      output_tokens: text.count,
      total_tokens: 10 + text.count,
    };
    yield named('done', 'transcript.text.done', { text: joinText(text), usage });
  }
}

/** Streams speech as events with one piece each. */
export function streamSpeech(pieces: readonly Uint8Array[]): Answer {
  return streamAnswer(events(), SHAPE);

  function* events(): Generator<Item> {
    for (const bytes of pieces) {
      yield named('content', 'speech.audio.delta', { audio: Buffer.from(bytes).toString('base64') });
    }
    const usage = {
      input_tokens: pieces.length,
      output_tokens: pieces.length,
      total_tokens: 2 * pieces.length,
    };
    yield named('done', 'speech.audio.done', { usage });
  }
}

/** POST threads/{id}/runs and threads/runs with streaming: a message of the thread, one word at a time. */
export function streamRun(call: Call): Answer {
  const text = answerText(call, lengthOf(call).words);
  const run = { id: idOf(call, 'run_'), object: 'thread.run', created_at: CREATED, model: call.model };
  return streamAnswer(events(), SHAPE);

  function* events(): Generator<Item> {
    yield untyped('opening', 'thread.run.created', { ...run, status: 'queued', last_error: null });
    for (let at = 0; at < text.count; at++) {
      const content = [{ index: 0, type: 'text', text: { value: text.piece(at) } }];
      yield untyped('content', 'thread.message.delta', {
        object: 'thread.message.delta',
        delta: { content },
      });
    }
    const usage = { prompt_tokens: 10, completion_tokens: text.count, total_tokens: 10 + text.count };
    yield untyped('finish', 'thread.run.completed', { ...run, status: 'completed', last_error: null, usage });
    yield { kind: 'event', part: 'done', name: 'done', data: '[DONE]' };
  }
}

function named(part: Part, type: string, fields: JsonObject): Item {
  return { kind: 'event', part, name: type, data: JSON.stringify({ type, ...fields }) };
}

function untyped(part: Part, name: string, fields: JsonObject): Item {
  return { kind: 'event', part, name, data: JSON.stringify(fields) };
}
