import { type Answer, jsonAnswer, wholeAnswer } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { answerString, type Call, CREATED, idOf, promptTokens } from '../call.ts';
import { listOf, positiveOf, stringOf } from '../json.ts';
import { createDice } from '../words.ts';
import { streamImages, streamSpeech, streamTranscription } from './media-stream.ts';
import { fileOf } from './objects.ts';

const SHAPE = { dialect: 'openai' } as const;
const AUDIO_TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};
const BYTES_PER_WORD = 256;

/** POST audio/speech: bytes of every value, in proportion to the input. */
export function answerSpeech({ body, fingerprint }: Call): Answer {
  const input = stringOf(body['input']);
  if (input === undefined) throw badRequest("Missing required parameter: 'input'.");
  const type = AUDIO_TYPES[stringOf(body['response_format']) ?? 'mp3'] ?? 'audio/mpeg';
  const dice = createDice(fingerprint);
  const words = promptTokens(input);
  const bytes = Uint8Array.from({ length: words * BYTES_PER_WORD }, () => dice() * 256);
  if (body['stream_format'] === 'sse') {
    return streamSpeech(
      Array.from({ length: words }, (_, at) =>
        bytes.subarray(at * BYTES_PER_WORD, (at + 1) * BYTES_PER_WORD),
      ),
    );
  }
  return wholeAnswer(bytes, type, SHAPE);
}

/** POST audio/transcriptions and audio/translations: a form with a file. */
export function answerTranscription(call: Call): Answer {
  const file = call.form?.get('file');
  if (!(file instanceof Blob)) throw badRequest("Missing required parameter: 'file'.");
  if (call.isStream) return streamTranscription(call);
  const text = answerString(call);
  if (call.form?.get('response_format') === 'text')
    return wholeAnswer(`${text}\n`, 'text/plain; charset=utf-8', SHAPE);
  return jsonAnswer({ text, usage: { type: 'duration', seconds: Math.ceil(file.size / 16_000) } }, SHAPE);
}

/** The smallest PNG: one transparent dot. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';

/** POST images/generations. */
export function answerImages(call: Call): Answer {
  const { body } = call;
  if (stringOf(body['prompt']) === undefined) throw badRequest("Missing required parameter: 'prompt'.");
  if (call.isStream) return streamImages(call, 'image_generation', PNG);
  const count = Math.min(Math.floor(positiveOf(body['n']) ?? 1), 10);
  const isUrl = body['response_format'] === 'url';
  const data = Array.from({ length: count }, () =>
    isUrl ? { url: 'https://example.com/mock.png' } : { b64_json: PNG },
  );
  const tokens = promptTokens(body['prompt']);
  return jsonAnswer(
    { created: CREATED, data, usage: { input_tokens: tokens, output_tokens: 0, total_tokens: tokens } },
    SHAPE,
  );
}

/** POST images/edits and images/variations: a form with an image. */
export function answerImageEdit(call: Call): Answer {
  const { form } = call;
  const image = form?.get('image') ?? form?.get('image[]');
  if (!(image instanceof Blob)) throw badRequest("Missing required parameter: 'image'.");
  if (call.isStream) return streamImages(call, 'image_edit', PNG);
  const usage = { input_tokens: 1, output_tokens: 0, total_tokens: 1 };
  return jsonAnswer({ created: CREATED, data: [{ b64_json: PNG }], usage }, SHAPE);
}

const CATEGORIES = ['hate', 'harassment', 'self-harm', 'sexual', 'violence'];

/** POST moderations: an input with the word "violence" is flagged. */
export function answerModerations(call: Call): Answer {
  const { input } = call.body;
  if (input === undefined) throw badRequest("Missing required parameter: 'input'.");
  const inputs = Array.isArray(input) ? listOf(input) : [input];
  const results = inputs.map((one) => {
    const flagged = JSON.stringify(one).includes('violence');
    const isHit = (category: string): boolean => flagged && category === 'violence';
    return {
      flagged,
      categories: Object.fromEntries(CATEGORIES.map((category) => [category, isHit(category)])),
      category_scores: Object.fromEntries(
        CATEGORIES.map((category) => [category, isHit(category) ? 0.99 : 0.01]),
      ),
    };
  });
  return jsonAnswer({ id: idOf(call, 'modr-'), model: call.model, results }, SHAPE);
}

/** GET files: a single fixed file. */
export function answerFileList(): Answer {
  return jsonAnswer(
    { object: 'list', data: [fileOf('file-mock', 42, 'mock.jsonl', 'batch')], has_more: false },
    SHAPE,
  );
}

/** POST files: describes the upload, and keeps nothing. */
export function answerUpload(call: Call): Answer {
  const file = call.form?.get('file');
  if (!(file instanceof Blob)) throw badRequest("Missing required parameter: 'file'.");
  const purpose = call.form?.get('purpose');
  const name = file instanceof File ? file.name : 'file';
  return jsonAnswer(
    fileOf(idOf(call, 'file-'), file.size, name, typeof purpose === 'string' ? purpose : 'user_data'),
    SHAPE,
  );
}
