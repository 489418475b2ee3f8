import type { ENDPOINTS } from '../gateway/endpoint.ts';
import type { Method } from './types.ts';

/** A provider's operation through the gateway, in the words of the documentation. */
export interface ProxiedOperation {
  readonly id: string;
  readonly tag: ProxiedTag;
  readonly summary: string;
  /** The format of the request; `none`: it has no body. */
  readonly body: 'json' | 'form' | 'none';
  /** Whether it can be streamed as events. */
  readonly streams: boolean;
  /** Example bodies: what they show, and their fields besides `model`. */
  readonly examples: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The documentation of the API's inventor. */
  readonly reference?: string;
  /** The demo's model that serves it. If omitted, it is `demo`. */
  readonly model?: string;
}

export type ProxiedTag = keyof typeof PROXIED_TAGS;

/** The groups of these operations, in the order of the page. */
export const PROXIED_TAGS = {
  Text: 'Ask a model for text: in one piece, or streamed as it is written.',
  'Embeddings and ranking': 'What is found, judged or put in order by meaning.',
  Audio: 'Speech from text, and text from speech.',
  Images: 'Pictures made and changed.',
  'Files and batches':
    'What a provider keeps. These name no model, so the header says which provider is meant.',
  'Any other path':
    'Whatever else a provider offers passes as well, streams included, with or without `/v1`.',
} as const;

type ProxiedPath = Exclude<(typeof ENDPOINTS)[number], '/v1/models'>;

const OPENAI = 'https://platform.openai.com/docs/api-reference';
const HELLO = { role: 'user', content: 'Hello!' };

const text = { tag: 'Text', body: 'json', streams: true } as const;
const vectors = { tag: 'Embeddings and ranking', body: 'json', streams: false } as const;
const audio = { tag: 'Audio', streams: false } as const;
const images = { tag: 'Images', streams: false } as const;
const kept = { tag: 'Files and batches', streams: false, examples: {} } as const;

/** The documentation of every path that the gateway distinguishes. The compiler reports missing ones. */
export const PROXIED: Readonly<Record<ProxiedPath, Readonly<Partial<Record<Method, ProxiedOperation>>>>> = {
  '/v1/chat/completions': {
    post: {
      ...text,
      id: 'createChatCompletion',
      summary: 'Chat completion',
      reference: `${OPENAI}/chat/create`,
      examples: {
        'In one piece': { messages: [HELLO] },
        Streamed: { messages: [HELLO], stream: true },
        'With a system prompt': {
          messages: [{ role: 'system', content: 'Answer in one short sentence.' }, HELLO],
          temperature: 0.2,
          max_tokens: 200,
        },
        'With a tool': {
          messages: [{ role: 'user', content: 'What is the weather in Oslo?' }],
          tools: [
            {
              type: 'function',
              function: {
                name: 'get_weather',
                parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
              },
            },
          ],
        },
      },
    },
  },
  '/v1/responses': {
    post: {
      ...text,
      id: 'createResponse',
      summary: 'Response',
      reference: `${OPENAI}/responses/create`,
      examples: { 'In one piece': { input: 'Hello!' }, Streamed: { input: 'Hello!', stream: true } },
    },
  },
  // A WebSocket, which OpenAPI has no words for.
  '/v1/realtime': {},
  '/v1/messages': {
    post: {
      ...text,
      id: 'createMessage',
      summary: 'Message (Anthropic)',
      reference: 'https://docs.anthropic.com/en/api/messages',
      examples: {
        'In one piece': { max_tokens: 200, messages: [HELLO] },
        Streamed: { max_tokens: 200, messages: [HELLO], stream: true },
      },
    },
  },
  '/v1/messages/count_tokens': {
    post: {
      ...text,
      id: 'countMessageTokens',
      summary: 'Count tokens (Anthropic)',
      streams: false,
      reference: 'https://docs.anthropic.com/en/api/messages-count-tokens',
      examples: { Message: { messages: [HELLO] } },
    },
  },
  '/v1/completions': {
    post: {
      ...text,
      id: 'createCompletion',
      summary: 'Text completion',
      reference: `${OPENAI}/completions/create`,
      examples: {
        'In one piece': { prompt: 'Once upon a time', max_tokens: 50 },
        Streamed: { prompt: 'Once upon a time', max_tokens: 50, stream: true },
      },
    },
  },
  '/v1/embeddings': {
    post: {
      ...vectors,
      id: 'createEmbedding',
      summary: 'Embeddings',
      model: 'demo-embedding',
      reference: `${OPENAI}/embeddings/create`,
      examples: { 'One text': { input: 'Hello!' }, 'Several texts': { input: ['Hello!', 'Good morning!'] } },
    },
  },
  '/v1/rerank': {
    post: {
      ...vectors,
      id: 'createRerank',
      summary: 'Rerank texts',
      examples: { 'Two texts': { query: 'A greeting', documents: ['Hello!', 'Goodbye!'] } },
    },
  },
  '/v1/moderations': {
    post: {
      ...vectors,
      id: 'createModeration',
      summary: 'Moderation',
      reference: `${OPENAI}/moderations/create`,
      examples: { 'One text': { input: 'Hello!' } },
    },
  },
  '/v1/audio/speech': {
    post: {
      ...audio,
      id: 'createSpeech',
      summary: 'Speech from text',
      body: 'json',
      reference: `${OPENAI}/audio/createSpeech`,
      examples: { Sentence: { input: 'Hello!', voice: 'alloy' } },
    },
  },
  '/v1/audio/transcriptions': {
    post: {
      ...audio,
      id: 'createTranscription',
      summary: 'Transcribe speech',
      body: 'form',
      reference: `${OPENAI}/audio/createTranscription`,
      examples: {},
    },
  },
  '/v1/audio/translations': {
    post: {
      ...audio,
      id: 'createTranslation',
      summary: 'Translate speech into English',
      body: 'form',
      reference: `${OPENAI}/audio/createTranslation`,
      examples: {},
    },
  },
  '/v1/images/generations': {
    post: {
      ...images,
      id: 'createImage',
      summary: 'Generate an image',
      body: 'json',
      reference: `${OPENAI}/images/create`,
      examples: { Picture: { prompt: 'A lighthouse in the fog', n: 1 } },
    },
  },
  '/v1/images/edits': {
    post: {
      ...images,
      id: 'createImageEdit',
      summary: 'Edit an image',
      body: 'form',
      reference: `${OPENAI}/images/createEdit`,
      examples: {},
    },
  },
  '/v1/images/variations': {
    post: {
      ...images,
      id: 'createImageVariation',
      summary: 'Vary an image',
      body: 'form',
      reference: `${OPENAI}/images/createVariation`,
      examples: {},
    },
  },
  '/v1/files': {
    get: { ...kept, id: 'listFiles', summary: 'List files', body: 'none', reference: `${OPENAI}/files/list` },
    post: {
      ...kept,
      id: 'uploadFile',
      summary: 'Upload a file',
      body: 'form',
      reference: `${OPENAI}/files/create`,
    },
  },
  '/v1/batches': {
    get: {
      ...kept,
      id: 'listBatches',
      summary: 'List batches',
      body: 'none',
      reference: `${OPENAI}/batch/list`,
    },
    post: {
      ...kept,
      id: 'createBatch',
      summary: 'Start a batch',
      body: 'json',
      reference: `${OPENAI}/batch/create`,
      examples: {
        'Of a file': {
          input_file_id: 'file-1',
          endpoint: '/v1/chat/completions',
          completion_window: '24h',
        },
      },
    },
  },
};
