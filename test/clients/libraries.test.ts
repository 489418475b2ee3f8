import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { findPython, missingModules } from '../docs/python.ts';
import { type Api, type Asked, type Call, calls, says, type Script } from './provider/script.ts';
import { KEY, type Stage, startStageOf } from './stage.ts';

const ALL_APIS = ['chat', 'responses', 'messages', 'gemini', 'converse'] as const;
const ANSWER = 'Yes, it is sunny.';

const stages = new Map<Api, Stage>();

async function stageOf(api: Api): Promise<Stage> {
  const stage = stages.get(api) ?? (await startStageOf(api));
  stages.set(api, stage);
  stage.provider.play(sunny);
  return stage;
}

afterAll(async () => {
  for (const stage of stages.values()) await stage.stop();
});

/** Calls the tool once, if one is offered, and answers with the tool's result. */
const sunny: Script = (asked) =>
  asked.tools.length === 0 || asked.results.length > 0 ? says(ANSWER) : calls(asked, ['weather', ROME]);

const ROME: Call['input'] = { city: 'Rome' };
const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
} as const;

/** The tool results that the provider received. */
function results(asked: readonly Asked[]): string[] {
  return asked.map((request) => request.results.join()).filter((text) => text !== '');
}

describe.each(ALL_APIS)('with a provider that speaks %s,', (api) => {
  test('the library of OpenAI for JavaScript runs tools over Chat Completions', async () => {
    const { gateway, provider } = await stageOf(api);
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0 });
    const runner = client.chat.completions.runTools({
      model: 'any',
      stream: true,
      messages: [{ role: 'user', content: 'Is it sunny in Rome?' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'Tells the weather',
            parameters: SCHEMA as never,
            parse: JSON.parse,
            function: ({ city }: { city: string }) => `sunny-21 in ${city}`,
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe(ANSWER);
    expect(results(provider.asked).join()).toContain('sunny-21 in Rome');
  });

  test('the library of OpenAI for JavaScript runs a tool over the Responses API', async () => {
    const { gateway, provider } = await stageOf(api);
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0 });
    const request = {
      model: 'any',
      store: false,
      tools: [{ type: 'function' as const, name: 'weather', parameters: SCHEMA, strict: false }],
    };
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Is it sunny in Rome?' }];
    const first = await client.responses.stream({ ...request, input }).finalResponse();
    const call = first.output.find((item) => item.type === 'function_call');
    expect(call?.arguments).toBe('{"city":"Rome"}');
    input.push(...(first.output as OpenAI.Responses.ResponseInput), {
      type: 'function_call_output',
      call_id: call?.call_id ?? '',
      output: 'sunny-21',
    });
    const last = await client.responses.create({ ...request, input });
    expect([last.status, last.output_text]).toEqual(['completed', ANSWER]);
    expect(results(provider.asked).join()).toContain('sunny-21');
  });

  test('the library of Anthropic for JavaScript runs a tool', async () => {
    const { gateway, provider } = await stageOf(api);
    const client = new Anthropic({ baseURL: gateway.url, apiKey: KEY, maxRetries: 0 });
    const request = {
      model: 'any',
      max_tokens: 1000,
      tools: [{ name: 'weather', description: 'Tells the weather', input_schema: SCHEMA as never }],
    };
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Is it sunny in Rome?' }];
    const first = await client.messages.stream({ ...request, messages }).finalMessage();
    const use = first.content.find((block) => block.type === 'tool_use');
    expect([first.stop_reason, use?.input]).toEqual(['tool_use', { city: 'Rome' }]);
    messages.push(
      { role: 'assistant', content: first.content as Anthropic.ContentBlockParam[] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: use?.id ?? '', content: 'sunny-21' }],
      },
    );
    const last = await client.messages.create({ ...request, messages });
    expect([last.stop_reason, last.content.at(-1)]).toMatchObject(['end_turn', { text: ANSWER }]);
    expect(results(provider.asked).join()).toContain('sunny-21');
    const count = await client.messages.countTokens({ model: 'any', messages });
    expect(count.input_tokens).toBeGreaterThan(0);
  });
});

const PROGRAMS: readonly (readonly [string, string])[] = [
  ['openai_chat', `tool_calls stop ${ANSWER}`],
  ['openai_responses', `completed completed ${ANSWER}`],
  ['anthropic_messages', `tool_use end_turn ${ANSWER} True`],
  ['google_genai', `STOP ${ANSWER} True`],
];

const python = findPython();

for (const [name, printed] of PROGRAMS) {
  const path = join(import.meta.dir, 'python', `${name}.py`);
  const missing = python === undefined ? ['Python'] : missingModules(python, await Bun.file(path).text());
  if (missing.length > 0) console.log(`Not installed: ${missing.join(', ')}. ${name} is skipped.`);

  describe.skipIf(missing.length > 0 || !existsSync(path))(
    `the Python program ${name} runs with a provider of`,
    () => {
      let played: Promise<ReadonlyMap<Api, Played>>;
      beforeAll(() => {
        played = playForEach(path);
      });

      test.each(ALL_APIS)('%s', async (api) => {
        const ended = (await played).get(api);
        expect(ended).toMatchObject({ error: '', printed });
        expect(ended?.results).toContain('sunny-21');
      });
    },
  );
}

/** The output of a program, its exception if it has failed, and the tool results that its provider received. */
interface Played {
  readonly printed: string;
  readonly error: string;
  readonly results: string;
}

/** Runs a program for a gateway of each API, one after the other. */
async function playForEach(path: string): Promise<Map<Api, Played>> {
  const own = await Promise.all(ALL_APIS.map(stageOf));
  const runner = join(import.meta.dir, 'python', 'for_each.py');
  const child = Bun.spawn(
    [python ?? '', runner, path, KEY, 'any', ...own.map(({ gateway }) => gateway.url)],
    {
      stdout: 'pipe',
      stderr: 'inherit',
    },
  );
  const lines = (await child.stdout.text()).split('\n').filter(Boolean);
  const ended = new Map<Api, Played>();
  for (const [index, line] of lines.entries()) {
    const [printed, error] = JSON.parse(line) as [string, string];
    const api = ALL_APIS[index] ?? 'chat';
    ended.set(api, { printed, error, results: results(own[index]?.provider.asked ?? []).join() });
  }
  return ended;
}
