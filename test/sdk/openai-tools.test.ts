import { describe, expect, test } from 'bun:test';
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import type { ChatCompletionMessageParam } from 'openai/resources';
import { z } from 'zod';
import { throughGateway } from './openai-client.ts';
import { startStage, useStage } from './stage.ts';

const stage = await useStage(startStage());
const client = throughGateway(stage);

const Weather = z.object({ city: z.string(), unit: z.enum(['celsius', 'fahrenheit']), days: z.number() });
const WEATHER = { city: 'mock', unit: 'celsius', days: 1 } as const;
const TOOLS = [zodFunction({ name: 'get_weather', parameters: Weather, description: '天気を調べる' })];
const QUESTION: ChatCompletionMessageParam = { role: 'user', content: 'How warm is it?' };

describe('tools', () => {
  test('a tool call comes back with its arguments', async () => {
    const completion = await client.chat.completions.parse({
      model: 'acme/chat',
      messages: [QUESTION],
      tools: TOOLS,
      tool_choice: 'required',
    });
    const [call] = completion.choices[0]?.message.tool_calls ?? [];
    expect(call).toMatchObject({ function: { name: 'get_weather', parsed_arguments: WEATHER } });
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
    expect(new TextDecoder().decode(stage.attempt().body)).toContain('天気を調べる');
  });

  test('a streamed tool call is put together from its deltas', async () => {
    const stream = client.chat.completions.stream({
      model: 'acme/chat',
      messages: [QUESTION],
      tools: TOOLS,
      tool_choice: 'required',
    });
    let deltas = 0;
    stream.on('tool_calls.function.arguments.delta', () => deltas++);
    const completion = await stream.finalChatCompletion();
    const [call] = completion.choices[0]?.message.tool_calls ?? [];
    expect(deltas).toBeGreaterThan(1);
    expect(call).toMatchObject({ function: { name: 'get_weather', parsed_arguments: WEATHER } });
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
    const [ended] = await stage.ended();
    expect(ended?.ending).toBe('complete');
    expect(ended?.usage?.outputTokens).toBeGreaterThan(0);
  });

  test('a conversation goes from the question over the tool’s result to an answer', async () => {
    const messages: ChatCompletionMessageParam[] = [QUESTION];
    const first = await client.chat.completions.create({
      model: 'acme/chat',
      messages,
      tools: TOOLS,
      tool_choice: 'required',
    });
    const asked = first.choices[0]?.message;
    const [call] = asked?.tool_calls ?? [];
    if (asked === undefined || call === undefined) throw new Error('no tool was called');
    messages.push(asked, { role: 'tool', tool_call_id: call.id, content: '{"degrees":21}' });
    const second = await client.chat.completions.create({ model: 'acme/chat', messages, tools: TOOLS });

    expect(second.choices[0]?.message.tool_calls).toBeUndefined();
    expect(second.choices[0]?.message.content?.split(' ')).toHaveLength(20);
    const body = stage.simulator.attempts[1]?.body ?? new Uint8Array();
    expect(JSON.parse(new TextDecoder().decode(body))).toMatchObject({ model: 'mock-chat', messages });
  });

  test('runTools calls the function and hands its result back', async () => {
    const calls: unknown[] = [];
    const runner = client.chat.completions.runTools(
      {
        model: 'acme/chat',
        messages: [{ role: 'user', content: 'Use the tool.' }],
        tools: [
          {
            type: 'function',
            function: {
              name: 'get_weather',
              description: 'How warm it is',
              parameters: z.toJSONSchema(Weather) as Record<string, unknown>,
              parse: (text: string) => Weather.parse(JSON.parse(text)),
              function: (weather: z.infer<typeof Weather>) => {
                calls.push(weather);
                return 'warm';
              },
            },
          },
        ],
      },
      { maxChatCompletions: 5 },
    );
    await runner.done();
    // The provider ends once it has the result.
    expect(calls).toEqual([WEATHER]);
    const body = stage.simulator.attempts[1]?.body ?? new Uint8Array();
    expect(new TextDecoder().decode(body)).toContain('"role":"tool"');
  });

  test('two calls whose deltas alternate in one stream are kept apart', async () => {
    const stream = await client.chat.completions.create({
      model: 'mock/tool-parallel',
      messages: [QUESTION],
      tools: TOOLS,
      stream: true,
    });
    const calls = new Map<number, { id: string; text: string }>();
    for await (const { choices } of stream) {
      for (const { index, id, function: called } of choices[0]?.delta.tool_calls ?? []) {
        const known = calls.get(index) ?? { id: '', text: '' };
        calls.set(index, { id: id ?? known.id, text: known.text + (called?.arguments ?? '') });
      }
    }
    expect([...calls.values()].map(({ text }): unknown => JSON.parse(text))).toEqual([WEATHER, WEATHER]);
    expect(new Set([...calls.values()].map(({ id }) => id)).size).toBe(2);
  });
});

describe('structured output', () => {
  const Person = z.object({ name: z.string(), tags: z.array(z.string()), age: z.int().min(18) });
  const PERSON = { name: 'mock', tags: ['mock'], age: 18 };

  test('a zod response format is parsed from a plain answer', async () => {
    const completion = await client.chat.completions.parse({
      model: 'acme/chat',
      messages: [QUESTION],
      response_format: zodResponseFormat(Person, 'person'),
    });
    expect(completion.choices[0]?.message.parsed).toEqual(PERSON);
    expect(JSON.parse(new TextDecoder().decode(stage.attempt().body))).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true } },
    });
  });

  test('a zod response format is parsed from a stream', async () => {
    const stream = client.chat.completions.stream({
      model: 'acme/chat',
      messages: [QUESTION],
      response_format: zodResponseFormat(Person, 'person'),
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.message.parsed).toEqual(PERSON);
  });

  test('a zod text format reaches the provider of a response', async () => {
    const response = await client.responses.create({
      model: 'acme/chat',
      input: 'Who?',
      text: { format: zodTextFormat(Person, 'person') },
    });
    expect(response.status).toBe('completed');
    expect(JSON.parse(new TextDecoder().decode(stage.attempt().body))).toMatchObject({
      model: 'mock-chat',
      text: { format: { type: 'json_schema', name: 'person' } },
    });
  });
});
