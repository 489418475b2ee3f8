import type { Call } from '../call.ts';
import { type Json, type JsonObject, listOf, objectOf, stringOf } from '../json.ts';
import { isSignature } from '../signature.ts';
import { bedrockWords, checking } from './refuse.ts';
import {
  anyObject,
  anything,
  between,
  type Fields,
  flag,
  integer,
  list,
  Misfit,
  object,
  oneOf,
  type Path,
  pattern,
  someText,
  text,
  union,
} from './shape.ts';

const NAME = pattern(/^[\w-]{1,64}$/);
const CACHE_POINT = object({ type: oneOf('default') }, { ttl: oneOf('5m', '1h') });
const BYTES = pattern(/^[\w+/]+=*$/);
const S3 = object({ uri: pattern(/^s3:\/\//) }, { bucketOwner: text });
const IMAGE = object({
  format: oneOf('png', 'jpeg', 'gif', 'webp'),
  source: union({ bytes: BYTES, s3Location: S3 }),
});
const DOCUMENT = object(
  {
    name: pattern(/^(?!.*\s\s)[a-zA-Z0-9\s()[\]-]{1,200}$/),
    source: union({ bytes: BYTES, s3Location: S3, text: someText, content: list(anyObject) }),
  },
  {
    format: oneOf('pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'),
    context: text,
    citations: object({ enabled: flag }),
  },
);
const VIDEO = object({ format: text, source: union({ bytes: BYTES, s3Location: S3 }) });
const AUDIO = object({ format: text, source: union({ bytes: BYTES, s3Location: S3 }) });
const RESULT = object(
  {
    toolUseId: NAME,
    content: list(
      union({
        json: anything,
        text: someText,
        image: IMAGE,
        document: DOCUMENT,
        video: VIDEO,
        searchResult: anyObject,
      }),
    ),
  },
  { status: oneOf('success', 'error'), type: text },
);
const BLOCK = union({
  text: someText,
  image: IMAGE,
  document: DOCUMENT,
  video: VIDEO,
  audio: AUDIO,
  toolUse: object({ toolUseId: NAME, name: NAME, input: anyObject }, { type: text }),
  toolResult: RESULT,
  reasoningContent: union({
    reasoningText: object({ text }, { signature: text }),
    redactedContent: BYTES,
  }),
  cachePoint: CACHE_POINT,
  guardContent: anyObject,
  citationsContent: anyObject,
  searchResult: anyObject,
});
const MESSAGE = object({ role: oneOf('user', 'assistant'), content: list(BLOCK, 1) });
const TOOL = union({
  toolSpec: object(
    { name: NAME, inputSchema: union({ json: anyObject }) },
    { description: someText, strict: flag },
  ),
  cachePoint: CACHE_POINT,
  systemTool: anyObject,
});
const FIELDS: Fields = {
  system: list(union({ text: someText, cachePoint: CACHE_POINT, guardContent: anyObject })),
  inferenceConfig: object(
    {},
    { maxTokens: integer, temperature: between(0, 1), topP: between(0, 1), stopSequences: list(someText) },
  ),
  toolConfig: object(
    { tools: list(TOOL, 1) },
    { toolChoice: union({ auto: anyObject, any: anyObject, tool: object({ name: NAME }) }) },
  ),
  guardrailConfig: anyObject,
  additionalModelRequestFields: anyObject,
  promptVariables: anyObject,
  additionalModelResponseFieldPaths: list(text),
  requestMetadata: texts,
  performanceConfig: object({ latency: oneOf('standard', 'optimized') }),
  serviceTier: object({ type: oneOf('priority', 'default', 'flex', 'reserved') }),
  outputConfig: object(
    {},
    {
      effort: text,
      textFormat: object({
        type: oneOf('json_schema'),
        structure: union({ jsonSchema: object({ schema: jsonText }, { name: text, description: text }) }),
      }),
    },
  ),
};

/** Refuses what Bedrock refuses in a conversation. */
export const checkConverse = checking(bedrockWords, ({ body }: Call) => {
  object({ messages: list(MESSAGE, 1) }, FIELDS)(body, []);
  checkConversation(body);
});

/** Refuses what Bedrock refuses in a count request. */
export const checkBedrockCount = checking(bedrockWords, ({ body }: Call) => {
  const converse = object(
    { messages: list(MESSAGE, 1) },
    { system: anything, toolConfig: anyObject, additionalModelRequestFields: anyObject },
  );
  object({ input: union({ converse, invokeModel: object({ body: BYTES }) }) })(body, []);
});

function texts(value: Json, path: Path): void {
  anyObject(value, path);
  for (const [name, one] of Object.entries(objectOf(value))) text(one ?? null, [...path, name]);
}

function jsonText(value: Json, path: Path): void {
  text(value, path);
  try {
    JSON.parse(stringOf(value) ?? '');
  } catch {
    throw new Misfit('value', path, 'valid JSON');
  }
}

function checkConversation(body: JsonObject): void {
  const messages = listOf(body['messages']).map(objectOf);
  let calls: readonly Json[] = [];
  const documents = new Set<Json>();
  for (const [index, { role, content }] of messages.entries()) {
    const path: Path = ['messages', index];
    if (role !== (index % 2 === 0 ? 'user' : 'assistant'))
      throw new Misfit(
        'rule',
        path,
        'A conversation must start with a user message, and alternate between user and assistant roles.',
      );
    const blocks = listOf(content).map(objectOf);
    checkResults(blocks, path, calls);
    calls = blocks.flatMap(({ toolUse }) => idsOf(toolUse));
    checkBlocks(blocks, path, documents);
    const hasTools = blocks.some(
      ({ toolUse, toolResult }) => toolUse !== undefined || toolResult !== undefined,
    );
    if (hasTools && body['toolConfig'] === undefined)
      throw new Misfit(
        'rule',
        ['toolConfig'],
        'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
      );
  }
  if (calls.length > 0)
    throw new Misfit(
      'rule',
      ['messages'],
      'Expected toolResult blocks for the toolUse blocks of the previous turn.',
    );
  checkNames(listOf(objectOf(body['toolConfig'])['tools']).map(objectOf));
}

function checkResults(blocks: readonly JsonObject[], path: Path, calls: readonly Json[]): void {
  const results = blocks.flatMap(({ toolResult }) => idsOf(toolResult));
  const given = new Set(results);
  if (results.length > calls.length || given.size < results.length)
    throw new Misfit(
      'rule',
      [...path, 'content'],
      'The number of toolResult blocks exceeds the number of toolUse blocks of previous turn.',
    );
  const missing = calls.filter((id) => !given.has(id));
  if (missing.length > 0 || results.some((id) => !calls.includes(id)))
    throw new Misfit(
      'rule',
      [...path, 'content'],
      `Expected toolResult blocks for the following Ids: ${missing.map((id) => stringOf(id)).join(', ')}`,
    );
}

function checkBlocks(blocks: readonly JsonObject[], path: Path, documents: Set<Json>): void {
  let points = 0;
  for (const [at, { text: words, document, reasoningContent, cachePoint }] of blocks.entries()) {
    const where = [...path, 'content', at];
    if (stringOf(words)?.trim() === '')
      throw new Misfit('rule', where, 'The text field in the ContentBlock object is blank.');
    if (cachePoint !== undefined && (at === 0 || points++ > 3))
      throw new Misfit('rule', where, 'a cachePoint needs content before it');
    const name = objectOf(document)['name'];
    if (name !== undefined && documents.has(name))
      throw new Misfit('rule', where, `document names must be unique: ${stringOf(name)}`);
    if (name !== undefined) documents.add(name);
    checkReasoning(objectOf(reasoningContent), where);
  }
  const hasText = blocks.some(({ text: words }) => words !== undefined);
  if (blocks.some(({ document }) => document !== undefined) && !hasText)
    throw new Misfit('rule', path, 'A text block is required when a document is sent.');
}

function checkReasoning({ reasoningText }: JsonObject, where: Path): void {
  const { text: thoughts, signature } = objectOf(reasoningText);
  if (signature === undefined) return;
  if (!isSignature('anthropic', stringOf(signature) ?? '', stringOf(thoughts)))
    throw new Misfit('rule', where, 'Invalid `signature` in `thinking` block');
}

function checkNames(tools: readonly JsonObject[]): void {
  const names = new Set<Json>();
  for (const { toolSpec } of tools) {
    const name = objectOf(toolSpec)['name'];
    if (name === undefined) continue;
    if (names.has(name))
      throw new Misfit('rule', ['toolConfig', 'tools'], `Tool names must be unique: ${stringOf(name)}`);
    names.add(name);
  }
}

function idsOf(block: Json | undefined): readonly Json[] {
  const id = objectOf(block)['toolUseId'];
  return id === undefined ? [] : [id];
}
