import type { Call } from '../call.ts';
import { type Json, type JsonObject, listOf, objectOf, stringOf } from '../json.ts';
import { camelKeys } from './camel-keys.ts';
import { checkContents } from './gemini-turns.ts';
import { checking, googleWords } from './refuse.ts';
import {
  anyObject,
  anything,
  between,
  type Fields,
  flag,
  integer,
  list,
  Misfit,
  number,
  object,
  oneOf,
  type Path,
  pattern,
  type Shape,
  someText,
  text,
  union,
} from './shape.ts';

const NAME = pattern(/^[A-Z_][\w.:-]{0,63}$/i);
const INLINE = object({ mimeType: someText, data: pattern(/^[\w+/=-]+$/) }, { displayName: text });
const FILE = object({ fileUri: someText }, { mimeType: text, displayName: text });
const PART = union(
  {
    text,
    inlineData: INLINE,
    fileData: FILE,
    functionCall: object({ name: NAME }, { id: text, args: anyObject }),
    functionResponse: object(
      { name: NAME, response: anyObject },
      {
        id: text,
        parts: list(object({}, { inlineData: INLINE, fileData: FILE })),
        scheduling: text,
        willContinue: flag,
      },
    ),
    executableCode: anyObject,
    codeExecutionResult: anyObject,
    toolCall: anyObject,
    toolResponse: anyObject,
  },
  {
    thought: flag,
    thoughtSignature: pattern(/^[\w+/=-]+$/),
    videoMetadata: anyObject,
    partMetadata: anyObject,
    mediaResolution: anything,
  },
);
const CONTENT = object({ parts: list(PART, 1) }, { role: oneOf('user', 'model', 'function') });
const INSTRUCTION = object({ parts: list(object({ text })) }, { role: text });
const DECLARATION = object(
  { name: NAME },
  {
    description: text,
    parameters: schema,
    parametersJsonSchema: anyObject,
    response: schema,
    responseJsonSchema: anyObject,
    behavior: text,
  },
);
const TOOL = object(
  {},
  {
    functionDeclarations: list(DECLARATION),
    googleSearch: anyObject,
    googleSearchRetrieval: anyObject,
    urlContext: anyObject,
    codeExecution: anyObject,
    computerUse: anyObject,
    fileSearch: anyObject,
    googleMaps: anyObject,
  },
);
const CONFIG: Fields = {
  temperature: between(0, 2),
  topP: between(0, 1),
  topK: number,
  candidateCount: between(1, 8),
  maxOutputTokens: integer,
  stopSequences: list(someText),
  responseLogprobs: flag,
  logprobs: between(0, 20),
  presencePenalty: between(-2, 2),
  frequencyPenalty: between(-2, 2),
  seed: integer,
  responseMimeType: oneOf('text/plain', 'application/json', 'text/x.enum'),
  responseSchema: schema,
  responseJsonSchema: anyObject,
  responseModalities: list(text),
  mediaResolution: text,
  speechConfig: anyObject,
  imageConfig: anyObject,
  thinkingConfig: object(
    {},
    {
      includeThoughts: flag,
      thinkingBudget: number,
      thinkingLevel: pattern(/^(?:minimal|low|medium|high)$/i),
    },
  ),
};
const FIELDS: Fields = {
  systemInstruction: INSTRUCTION,
  generationConfig: object({}, CONFIG),
  safetySettings: list(object({ category: text, threshold: text }, { method: text })),
  tools: list(TOOL),
  toolConfig: object(
    {},
    {
      functionCallingConfig: object(
        {},
        { mode: pattern(/^(?:auto|any|none|validated)$/i), allowedFunctionNames: list(NAME) },
      ),
      retrievalConfig: anyObject,
      includeServerSideToolInvocations: flag,
    },
  ),
  cachedContent: text,
  serviceTier: text,
  store: flag,
};

/** Refuses what Gemini refuses. On Vertex AI, `labels` is valid too, and the body may name the model. */
export const checkGenerate = checking(googleWords, (call: Call) => {
  const body = camelKeys(call.body);
  const isVertex = call.path.includes('/publishers/');
  object({ contents: list(CONTENT, 1) }, { ...FIELDS, model: text, ...(isVertex && { labels: anyObject }) })(
    body,
    [],
  );
  checkConfig(body);
  checkContents(listOf(body['contents']).map(objectOf), call.model);
});

/** Refuses what Gemini refuses in a count request. */
export const checkGeminiCount = checking(googleWords, (call: Call) => {
  const body = camelKeys(call.body);
  const inner = body['generateContentRequest'];
  const needed = inner === undefined ? { contents: list(CONTENT, 1) } : {};
  object(needed, { ...FIELDS, model: text, generateContentRequest: anyObject })(body, []);
});

const EMBED: Fields = {
  model: text,
  taskType: text,
  title: text,
  outputDimensionality: integer,
  autoTruncate: flag,
  embedContentConfig: anyObject,
};
const EMBED_NEEDED: Fields = { content: object({ parts: list(PART, 1) }, { role: text }) };

/** Refuses what Gemini refuses in embedding requests, single or batch, and Vertex AI in their instances. */
export const checkEmbed = checking(googleWords, ({ body }: Call) =>
  object(EMBED_NEEDED, EMBED)(camelKeys(body), []),
);
export const checkBatchEmbed = checking(googleWords, ({ body }: Call) => {
  object({ requests: list(object({ ...EMBED_NEEDED, model: pattern(/^models\//) }, EMBED), 1) })(
    camelKeys(body),
    [],
  );
});
export const checkPredict = checking(googleWords, ({ body, model }: Call) => {
  const most = model.endsWith('gemini-embedding-001') ? 1 : 250;
  const given = listOf(body['instances']).length;
  if (given > most)
    throw new Misfit(
      'rule',
      ['instances'],
      `${most} instance(s) is allowed per prediction. Actual: ${given}`,
    );
  const instance = object({ content: someText }, { task_type: text, taskType: text, title: text });
  object(
    { instances: list(instance, 1) },
    { parameters: object({}, { outputDimensionality: integer, autoTruncate: flag }) },
  )(body, []);
});

/** Google's OpenAPI subset for schemas. JSON Schema has a separate field. */
function schema(value: Json, path: Path): void {
  const shape: Shape = object(
    {},
    {
      type: pattern(/^(?:string|number|integer|boolean|array|object|null|type_unspecified)$/i),
      format: text,
      title: text,
      description: text,
      nullable: flag,
      enum: list(text),
      items: schema,
      maxItems: anything,
      minItems: anything,
      properties: (properties, at) => {
        for (const [name, one] of Object.entries(objectOf(properties))) schema(one ?? null, [...at, name]);
      },
      required: list(text),
      minProperties: anything,
      maxProperties: anything,
      minimum: number,
      maximum: number,
      minLength: anything,
      maxLength: anything,
      pattern: text,
      example: anything,
      anyOf: list(schema),
      propertyOrdering: list(text),
      default: anything,
    },
  );
  shape(value, path);
}

function checkConfig(body: JsonObject): void {
  const config = objectOf(body['generationConfig']);
  if (listOf(config['stopSequences']).length > 5)
    throw new Misfit('rule', ['generationConfig', 'stopSequences'], 'must have at most 5 elements');
  const hasSchema = config['responseSchema'] !== undefined || config['responseJsonSchema'] !== undefined;
  if (hasSchema && config['responseMimeType'] !== 'application/json')
    throw new Misfit(
      'rule',
      ['generationConfig', 'responseMimeType'],
      'must be application/json when a response schema is set',
    );
  const { thinkingBudget, thinkingLevel } = objectOf(config['thinkingConfig']);
  if (thinkingBudget !== undefined && thinkingLevel !== undefined)
    throw new Misfit(
      'rule',
      ['generationConfig', 'thinkingConfig'],
      'only one of thinkingBudget and thinkingLevel may be set',
    );
  const { mode, allowedFunctionNames: names } = objectOf(
    objectOf(body['toolConfig'])['functionCallingConfig'],
  );
  if (names !== undefined && !/^(?:any|validated)$/i.test(stringOf(mode) ?? ''))
    throw new Misfit(
      'rule',
      ['toolConfig', 'functionCallingConfig'],
      'allowedFunctionNames needs the mode ANY',
    );
  checkDeclarations(listOf(body['tools']).map(objectOf));
}

function checkDeclarations(tools: readonly JsonObject[]): void {
  const names = new Set<Json>();
  for (const { functionDeclarations } of tools) {
    for (const one of listOf(functionDeclarations).map(objectOf)) {
      const name = one['name'] ?? null;
      if (names.has(name))
        throw new Misfit('rule', ['tools'], `duplicate function declaration: ${stringOf(name)}`);
      names.add(name);
      if (one['parameters'] !== undefined && one['parametersJsonSchema'] !== undefined)
        throw new Misfit('rule', ['tools'], 'parameters and parametersJsonSchema exclude each other');
    }
  }
}
