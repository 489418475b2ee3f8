import { type Feature, userParts } from './feature.ts';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk';
const PDF = 'JVBERi0xLjEKJcKlwrHDqwo=';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEA';
const PICTURE_URL = 'https://pictures.example/harbour.png';
const FILE_URL = 'https://files.example/contract.pdf';

const geminiTurns = (...turns: readonly (readonly [string, string])[]) => ({
  contents: turns.map(([role, text]) => ({ role, parts: [{ text }] })),
});
const turns = (...said: readonly (readonly [string, string])[]) =>
  said.map(([role, content]) => ({ role, content }));
const TALK = [
  ['user', 'Hello'],
  ['assistant', 'Good morning'],
  ['user', 'How deep is the harbour?'],
] as const;

/** The contents that messages may have. */
export const CONTENT_FEATURES: readonly Feature[] = [
  {
    name: 'system instruction',
    asked: {
      chat: { messages: turns(['system', 'Answer like a sailor'], ['user', 'Hello']) },
      responses: { instructions: 'Answer like a sailor' },
      messages: { system: 'Answer like a sailor' },
      gemini: { systemInstruction: { parts: [{ text: 'Answer like a sailor' }] } },
    },
    arrives: /Answer like a sailor/,
  },
  {
    name: 'several turns',
    asked: {
      chat: { messages: turns(...TALK) },
      responses: { input: turns(...TALK) },
      messages: { messages: turns(...TALK) },
      gemini: geminiTurns(['user', 'Hello'], ['model', 'Good morning'], ['user', 'How deep is the harbour?']),
    },
    arrives: /"(?:assistant|model)".*Good morning.*How deep|Good morning.*"(?:assistant|model)".*How deep/,
  },
  {
    name: 'system message between turns',
    asked: {
      chat: { messages: turns(['user', 'Hello'], ['system', 'Now be brief']) },
      responses: { input: turns(['user', 'Hello'], ['developer', 'Now be brief']) },
      messages: { messages: turns(['user', 'Hello'], ['system', 'Now be brief']) },
    },
    arrives: /Now be brief/,
  },
  {
    name: 'image, as bytes',
    asked: userParts({
      chat: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }],
      responses: [{ type: 'input_image', image_url: `data:image/png;base64,${PNG}` }],
      messages: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }],
      gemini: [{ inlineData: { mimeType: 'image/png', data: PNG } }],
    }),
    arrives: new RegExp(PNG),
  },
  {
    name: 'image, by URL',
    asked: userParts({
      chat: [{ type: 'image_url', image_url: { url: PICTURE_URL } }],
      responses: [{ type: 'input_image', image_url: PICTURE_URL }],
      messages: [{ type: 'image', source: { type: 'url', url: PICTURE_URL } }],
      gemini: [{ fileData: { mimeType: 'image/png', fileUri: PICTURE_URL } }],
    }),
    arrives: /harbour\.png/,
  },
  {
    name: '`detail` of an image',
    beside: userParts({
      chat: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }],
      responses: [{ type: 'input_image', image_url: `data:image/png;base64,${PNG}` }],
    }),
    asked: userParts({
      chat: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'low' } }],
      responses: [{ type: 'input_image', image_url: `data:image/png;base64,${PNG}`, detail: 'low' }],
    }),
    arrives: /"detail":"low"/,
  },
  {
    name: 'PDF, as bytes',
    asked: userParts({
      chat: [{ type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` } }],
      responses: [{ type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` }],
      messages: [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } }],
      gemini: [{ inlineData: { mimeType: 'application/pdf', data: PDF } }],
    }),
    arrives: new RegExp(PDF),
  },
  {
    name: 'PDF, by URL',
    asked: userParts({
      responses: [{ type: 'input_file', file_url: FILE_URL }],
      messages: [{ type: 'document', source: { type: 'url', url: FILE_URL } }],
      gemini: [{ fileData: { mimeType: 'application/pdf', fileUri: FILE_URL } }],
    }),
    arrives: /contract\.pdf/,
  },
  {
    name: "file, by a provider's id",
    asked: userParts({
      chat: [{ type: 'file', file: { file_id: 'file-4711' } }],
      responses: [{ type: 'input_file', file_id: 'file-4711' }],
      messages: [{ type: 'document', source: { type: 'file', file_id: 'file-4711' } }],
    }),
    arrives: /file-4711/,
  },
  {
    name: 'text document',
    asked: userParts({
      messages: [
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Depth: 9 fathoms' } },
      ],
    }),
    arrives: /9 fathoms/,
  },
  {
    name: 'audio',
    asked: userParts({
      chat: [{ type: 'input_audio', input_audio: { data: WAV, format: 'wav' } }],
      gemini: [{ inlineData: { mimeType: 'audio/wav', data: WAV } }],
    }),
    arrives: new RegExp(WAV),
  },
  {
    name: 'video',
    asked: userParts({ gemini: [{ inlineData: { mimeType: 'video/mp4', data: 'AAAAIGZ0eXBpc29t' } }] }),
    arrives: /AAAAIGZ0eXBpc29t/,
  },
  {
    name: 'mark of a prompt cache',
    beside: userParts({
      chat: [{ type: 'text', text: 'Hello' }],
      messages: [{ type: 'text', text: 'Hello' }],
    }),
    asked: userParts({
      chat: [{ type: 'text', text: 'Hello', prompt_cache_breakpoint: { mode: 'explicit' } }],
      messages: [{ type: 'text', text: 'Hello', cache_control: { type: 'ephemeral' } }],
    }),
    arrives: /cache_control|cachePoint|prompt_cache_breakpoint/,
  },
];
