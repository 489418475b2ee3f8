import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk';
import { AnthropicVertex } from '@anthropic-ai/vertex-sdk';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  CountTokensCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';

/** The official clients, connected directly to the mock provider. They must be able to read its answers. */
let simulator: Simulator;
let google: GoogleGenAI;
let aws: BedrockRuntimeClient;
let anthropic: Anthropic;
let openai: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  const { url } = simulator;
  google = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: url } });
  aws = new BedrockRuntimeClient({
    region: 'eu-central-1',
    endpoint: url,
    credentials: { accessKeyId: 'AKIDMOCK', secretAccessKey: 'secret' },
    maxAttempts: 1,
    // The simulator speaks HTTP/1.1, as a gateway does.
    requestHandler: new NodeHttpHandler(),
  });
  anthropic = new Anthropic({ apiKey: 'k', baseURL: url, maxRetries: 0 });
  openai = new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 });
});
afterAll(() => simulator.stop());

/** The error of a request. The clients' promises start to work only when they are awaited. */
async function failureOf(request: PromiseLike<unknown>): Promise<unknown> {
  try {
    await request;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

const SCHEMA = {
  type: 'object',
  properties: { command: { type: 'string' } },
  required: ['command'],
  additionalProperties: false,
};
const SHELL = { name: 'bash', description: 'Runs a command', parameters: SCHEMA };
const COMMAND = { command: 'echo hi-from-tool' };
const AGENT = 'mock/agent?calls=2&thoughts=4';
const ASK = 'Say hi';

/** The whole text of a Gemini stream, and the last count in it. */
async function joined(stream: AsyncIterable<GenerateContentResponse>): Promise<unknown> {
  let text = '';
  let usage;
  for await (const chunk of stream) {
    text += chunk.text ?? '';
    usage = chunk.usageMetadata;
  }
  return { text, usage };
}

/** The tool inputs in a Converse stream, its stop reason, and its usage. */
async function readConverse(stream: AsyncIterable<ConverseStreamOutput> | undefined): Promise<unknown> {
  let inputs = '';
  let stopReason;
  let usage;
  for await (const event of stream ?? []) {
    inputs += event.contentBlockDelta?.delta?.toolUse?.input ?? '';
    usage = event.metadata?.usage ?? usage;
    stopReason = event.messageStop?.stopReason ?? stopReason;
  }
  return { inputs, stopReason, usage };
}

describe('@google/genai', () => {
  const config = {
    tools: [{ functionDeclarations: [{ name: 'bash', parametersJsonSchema: SCHEMA }] }],
  };
  const headers = { 'x-mock-fault': AGENT.slice('mock/'.length) };

  test("reads an agent's session of two turns, streamed as not", async () => {
    const asked = { model: 'gemini-3-pro', config: { ...config, httpOptions: { headers } } };
    const user = { role: 'user', parts: [{ text: ASK }] };
    const first = await google.models.generateContent({ ...asked, contents: [user] });
    expect(first.functionCalls?.map(({ name, args }) => ({ name, args }))).toEqual([
      { name: 'bash', args: COMMAND },
      { name: 'bash', args: COMMAND },
    ]);
    const parts = first.candidates?.[0]?.content?.parts ?? [];
    expect(parts[0]).toMatchObject({ thought: true });
    expect(parts.filter(({ thoughtSignature }) => thoughtSignature !== undefined)).toHaveLength(1);
    const usage = first.usageMetadata;
    expect(usage?.totalTokenCount).toBe(
      (usage?.promptTokenCount ?? 0) + (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0),
    );
    const results = (first.functionCalls ?? []).map(({ id, name }) => ({
      functionResponse: {
        ...(id !== undefined && { id }),
        ...(name !== undefined && { name }),
        response: { output: 'hi' },
      },
    }));
    const contents = [user, { role: 'model', parts }, { role: 'user', parts: results }];
    const second = await google.models.generateContent({ ...asked, contents });
    expect([second.functionCalls, second.candidates?.[0]?.finishReason]).toEqual([
      undefined,
      'STOP' as never,
    ]);
    const streamed = await joined(await google.models.generateContentStream({ ...asked, contents }));
    expect(streamed).toEqual({ text: second.text, usage: second.usageMetadata });
  });

  test('reads counts, embeddings, lists and errors', async () => {
    const counted = await google.models.countTokens({ model: 'gemini-3-pro', contents: 'one two' });
    expect(counted.totalTokens).toBe(2);
    const embedded = await google.models.embedContent({
      model: 'gemini-embedding-001',
      contents: ['a', 'b'],
    });
    expect(embedded.embeddings?.map(({ values }) => values?.length)).toEqual([8, 8]);
    const listed = await google.models.list();
    expect(listed.page[0]?.name).toBe('models/mock/ok');
    const failing = google.models.generateContent({ model: 'mock/429', contents: ASK });
    expect(await failureOf(failing)).toMatchObject({
      status: 429,
      message: expect.stringContaining('RESOURCE_EXHAUSTED'),
    });
  });
});

describe('@aws-sdk/client-bedrock-runtime', () => {
  const input: ConverseCommandInput = {
    modelId: AGENT,
    messages: [{ role: 'user', content: [{ text: ASK }] }],
    toolConfig: { tools: [{ toolSpec: { name: 'bash', inputSchema: { json: SCHEMA } } }] },
    inferenceConfig: { maxTokens: 100 },
  };

  test("reads an agent's session of two turns, streamed as not", async () => {
    const { output, stopReason, usage } = await aws.send(new ConverseCommand(input));
    expect(stopReason).toBe('tool_use');
    const content = output?.message?.content ?? [];
    expect(content[0]?.reasoningContent?.reasoningText?.signature).toEqual(expect.any(String));
    const calls = content.flatMap(({ toolUse }) => (toolUse === undefined ? [] : [toolUse]));
    expect(calls.map((call) => call.input)).toEqual([COMMAND, COMMAND]);

    const { stream } = await aws.send(new ConverseStreamCommand(input));
    const inputs = JSON.stringify(COMMAND).repeat(2);
    expect(await readConverse(stream)).toEqual({ inputs, stopReason, usage });

    const results = calls.map(({ toolUseId }) => ({ toolResult: { toolUseId, content: [{ text: 'hi' }] } }));
    const messages = [
      ...(input.messages ?? []),
      { role: 'assistant' as const, content },
      { role: 'user' as const, content: results },
    ];
    const second = await aws.send(new ConverseCommand({ ...input, messages }));
    expect(second.stopReason).toBe('end_turn');
  });

  test('reads exceptions, before a stream and in it', async () => {
    const throttled = aws.send(new ConverseCommand({ ...input, modelId: 'mock/429' }));
    expect(await failureOf(throttled)).toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 429 },
    });
    const { stream } = await aws.send(
      new ConverseStreamCommand({ ...input, modelId: 'mock/error-mid?after=2&code=503' }),
    );
    const read = async (): Promise<void> => {
      for await (const _ of stream ?? []);
    };
    expect(await failureOf(read())).toMatchObject({ name: 'ServiceUnavailableException' });
  });

  test('reads frames that hold the events of a message, and counts', async () => {
    const body = {
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 9,
      messages: [{ role: 'user', content: ASK }],
    };
    const modelId = 'anthropic.claude-opus-5-5';
    const { body: stream } = await aws.send(
      new InvokeModelWithResponseStreamCommand({
        modelId,
        body: JSON.stringify(body),
        contentType: 'application/json',
      }),
    );
    const types: string[] = [];
    for await (const event of stream ?? []) {
      types.push((JSON.parse(Buffer.from(event.chunk?.bytes ?? []).toString()) as { type: string }).type);
    }
    expect([types[0], types.at(-1)]).toEqual(['message_start', 'message_stop']);
    const counted = await aws.send(
      new CountTokensCommand({
        modelId,
        input: { invokeModel: { body: Buffer.from(JSON.stringify(body)) } },
      }),
    );
    expect(counted.inputTokens).toBe(2);
  });
});

describe('@anthropic-ai/sdk', () => {
  const asked = (client: Pick<Anthropic, 'messages'>, model = AGENT) => ({
    client,
    body: {
      model,
      max_tokens: 1000,
      messages: [{ role: 'user' as const, content: ASK }],
      tools: [{ name: 'bash', input_schema: { ...SCHEMA, type: 'object' as const } }],
    },
  });
  const session = async ({ client, body }: ReturnType<typeof asked>): Promise<void> => {
    const first = await client.messages.create(body);
    expect(first.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use']);
    const streamed = await client.messages.stream(body).finalMessage();
    expect(streamed.stop_reason).toBe('tool_use');
    expect(streamed.content.map(({ type }) => type)).toEqual(first.content.map(({ type }) => type));
    expect(streamed.content.at(-1)).toMatchObject({ name: 'bash', input: COMMAND });
    expect(streamed.content[0]).toMatchObject({ signature: expect.any(String) });
    const results = first.content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'hi' }]
        : [],
    );
    const second = await client.messages.create({
      ...body,
      messages: [
        ...body.messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: results },
      ],
    });
    expect(second.stop_reason).toBe('end_turn');
  };

  test("reads an agent's session of two turns", () => session(asked(anthropic)));

  test('reads one at Bedrock', async () => {
    const bedrock = new AnthropicBedrock({
      baseURL: simulator.url,
      awsRegion: 'eu-central-1',
      awsAccessKey: 'AKIDMOCK',
      awsSecretKey: 'secret',
      maxRetries: 0,
    });
    await session(asked(bedrock as unknown as Anthropic));
  });

  test('reads one at Vertex AI', async () => {
    const vertex = new AnthropicVertex({
      baseURL: `${simulator.url}/v1`,
      projectId: 'p',
      region: 'global',
      maxRetries: 0,
      authClient: {
        getRequestHeaders: async () => new Headers({ authorization: 'Bearer ya29.mock' }),
      } as never,
    });
    await session(asked(vertex as unknown as Anthropic));
  });

  test('reads counts, lists and errors', async () => {
    const messages = [{ role: 'user' as const, content: 'one two' }];
    expect((await anthropic.messages.countTokens({ model: 'claude', messages })).input_tokens).toBe(2);
    expect((await anthropic.models.list()).data[0]).toMatchObject({ type: 'model', id: 'mock/ok' });
    const failing = anthropic.messages.create({ model: 'mock/529', max_tokens: 1, messages });
    expect(await failureOf(failing)).toMatchObject({
      status: 529,
      error: { error: { type: 'overloaded_error' } },
    });
  });
});

describe('openai', () => {
  test("reads an agent's session of two chat completions", async () => {
    const tools = [{ type: 'function' as const, function: SHELL }];
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: ASK }];
    const body = { model: AGENT, messages, tools };
    const first = await openai.chat.completions.create(body);
    const message = first.choices[0]?.message;
    const streamed = await openai.chat.completions.stream({ ...body, stream: true }).finalMessage();
    expect(streamed.tool_calls?.map((call) => call.type === 'function' && call.function)).toMatchObject([
      { name: 'bash', arguments: JSON.stringify(COMMAND) },
      { name: 'bash', arguments: JSON.stringify(COMMAND) },
    ]);
    const calls = message?.tool_calls ?? [];
    expect(calls).toHaveLength(2);
    const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'hi' }));
    const { content, tool_calls } = { content: message?.content ?? null, tool_calls: calls };
    const second = await openai.chat.completions.create({
      ...body,
      messages: [...messages, { role: 'assistant', content, tool_calls }, ...results],
    });
    expect(second.choices[0]?.finish_reason).toBe('stop');
  });

  test("reads an agent's session of two responses", async () => {
    const tools = [{ type: 'function' as const, strict: true, ...SHELL }];
    const include = ['reasoning.encrypted_content' as const];
    const body = { model: AGENT, input: ASK, tools, include, store: false };
    const first = await openai.responses.create(body);
    expect(first.output.map(({ type }) => type)).toEqual([
      'reasoning',
      'message',
      'function_call',
      'function_call',
    ]);
    const streamed = await openai.responses.stream(body).finalResponse();
    expect(streamed.output.map(({ type }) => type)).toEqual(first.output.map(({ type }) => type));
    expect(streamed.output.at(-1)).toMatchObject({ name: 'bash', parsed_arguments: COMMAND });
    const results = first.output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: 'hi' }]
        : [],
    );
    const input = [{ role: 'user' as const, content: ASK }, ...first.output, ...results];
    const second = await openai.responses.create({ ...body, input: input as never });
    expect(second.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
  });
});
