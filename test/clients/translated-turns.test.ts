import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fastClock } from '../acceptance/fast-clock.ts';
import { AGENTS, using } from './agents.ts';
import { testGeminiCompaction, testOpencodeCompaction } from './compaction.ts';
import {
  type Api,
  besides,
  type Failed,
  inSteps,
  type Refused,
  type Reply,
  says,
} from './provider/script.ts';
import { isInstalled, makeDesk } from './run-agent.ts';
import { type Stage, startStageOf } from './stage.ts';

const { claudeCode, codexOwn, geminiCli } = AGENTS;
const stages = new Map<Api, Stage>();

beforeAll(async () => {
  for (const api of ['chat', 'messages'] as const) stages.set(api, await startStageOf(api));
});
afterAll(async () => {
  for (const stage of stages.values()) await stage.stop();
});

function stageOf(api: Api): Stage {
  const stage = stages.get(api);
  if (stage === undefined) throw new Error(`no stage of ${api}`);
  return stage;
}

function refused(status: number, code: string, message = `it says ${code}`): Refused {
  return { kind: 'refused', status, code, message };
}

function failed(code: string, more: Partial<Failed> = {}): Failed {
  return { kind: 'failed', code, message: `it says ${code}`, ...more };
}

const TOO_LONG = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.";

describe.skipIf(!isInstalled('claude'))('Claude Code with a provider of Chat Completions', () => {
  test('counts its context by the gateway, compacts it and goes on', async () => {
    const stage = stageOf('chat');
    const desk = await makeDesk();
    const again = (prompt: string) =>
      stage.turn(claudeCode, { model: 'claude-opus-5-5', desk, prompt, args: ['--continue'] });
    stage.provider.play(() => says('Hello!'));
    await stage.turn(claudeCode, { model: 'claude-opus-5-5', desk, prompt: 'Hello!' });
    stage.provider.play(() => says('Hello!'));
    expect((await again('/context')).stdout).toMatch(/System tools \| [\d.]+k/);
    expect(stage.provider.targets).toEqual([]);
    stage.provider.play(() => says('<summary>A greeting was exchanged</summary>'));
    expect((await again('/compact')).exitCode).toBe(0);
    stage.provider.play(() => says('So it was.'));
    expect((await again('Go on')).stdout).toContain('So it was.');
    expect(stage.provider.asked.at(-1)?.body).toContain('A greeting was exchanged');
    await desk.remove();
  });

  test.each<[string, Reply, RegExp]>([
    ['401', refused(401, 'invalid_api_key'), /401 the provider refused the gateway's credential/],
    ['404', refused(404, 'model_not_found'), /issue with the selected model/],
    ['429', refused(429, 'rate_limit_exceeded'), /\(429\) · it says rate_limit_exceeded/],
    ['500', refused(500, 'server_error'), /500 it says server_error/],
    ['503', refused(503, 'server_error'), /529 it says server_error|503 it says server_error/],
    ['a prompt that is too long', refused(400, 'context_length_exceeded', TOO_LONG), /too long|context/i],
    ['an error as the first event', failed('server_error'), /it says server_error/],
    ['an error in the middle', failed('server_error', { after: 'Half a' }), /500 it says server_error/],
    ['a cut in the middle', { ...says('Half a'), isCut: true }, /API Error: 502/],
  ])('tells its user %s', async (_name, reply, told) => {
    const stage = stageOf('chat');
    stage.provider.play(besides(claudeCode.shellTool, () => reply));
    const env = { CLAUDE_CODE_MAX_RETRIES: '0' };
    const session = await stage.turn(claudeCode, { model: 'claude-opus-5-5', prompt: 'Hello!', env });
    expect(session.exitCode).toBe(1);
    expect(`${session.stdout}\n${session.stderr}`).toMatch(told);
  });
});

describe.skipIf(!isInstalled('codex'))('Codex with a provider of Messages', () => {
  const args = ['request_max_retries=0', 'stream_max_retries=0'].flatMap((setting) => [
    '-c',
    `model_providers.gateway.${setting}`,
  ]);

  test.each<[string, Reply, string]>([
    [
      '401',
      refused(401, 'authentication_error'),
      "401 Unauthorized: the provider refused the gateway's credential",
    ],
    ['404', refused(404, 'not_found_error'), 'it says not_found_error'],
    ['429', refused(429, 'rate_limit_error'), 'rate limit exceeded: it says rate_limit_error'],
    ['529', refused(529, 'overloaded_error'), 'Selected model is at capacity'],
    [
      'a prompt that is too long',
      refused(400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'ran out of room',
    ],
    ['overloaded_error as the first event', failed('overloaded_error'), 'Selected model is at capacity'],
    ['an error in the middle', failed('api_error', { after: 'Half a' }), 'it says api_error'],
    ['a cut in the middle', { ...says('Half a'), isCut: true }, 'stream disconnected before completion'],
  ])('tells its user %s', async (_name, reply, told) => {
    const stage = stageOf('messages');
    stage.provider.play(besides(codexOwn.shellTool, () => reply));
    const session = await stage.turn(codexOwn, { model: 'gpt-5.5', prompt: 'Hello!', args });
    expect(session.exitCode).toBe(1);
    expect(session.stderr).toContain(told);
  });

  test('compacts a session by itself, and goes on', async () => {
    const stage = stageOf('messages');
    const work = besides(
      codexOwn.shellTool,
      inSteps(using(codexOwn.shell('echo one')), () => says('Not compacted.')),
    );
    stage.provider.play((asked) => {
      if (asked.body.includes('The summary of it all')) return says('Done.');
      return asked.body.includes('CONTEXT CHECKPOINT') ? says('The summary of it all') : work(asked);
    });
    const compact = ['-c', 'model_auto_compact_token_limit=40'];
    const session = await stage.turn(codexOwn, { model: 'gpt-5.5', prompt: 'Do it', args: compact });
    expect([session.exitCode, session.stdout.trim()]).toEqual([0, 'Done.']);
  });

  test.each(['messages', 'chat'] as const)(
    'runs JavaScript by the custom tool in a namespace: %s',
    async (api) => {
      const stage = stageOf(api);
      const code =
        'const r = await tools.exec_command({ cmd: "printf six-%d 6" }); text(r.output ?? JSON.stringify(r));';
      stage.provider.play((asked) => {
        const exec = asked.tools.find(({ name }) => /(?:^|_)exec$/.test(name));
        if (exec === undefined) return says('{"title":"Greeting"}');
        return inSteps(using([exec.name, code]), () => says('It ran.'))(asked);
      });
      const session = await stage.turn(codexOwn, { model: 'gpt-6.2-sol', prompt: 'Run it' });
      expect([session.stdout.trim(), session.exitCode]).toEqual(['It ran.', 0]);
      expect(stage.provider.asked.at(-1)?.results.join()).toContain('six-6');
    },
  );
});

// With the other APIs: `npm run test:agents`.
testGeminiCompaction(['messages']);
testOpencodeCompaction([[AGENTS.opencodeChat, 'converse']]);

const THINKING = [
  [claudeCode, 'claude-opus-5-5', 'chat'],
  [claudeCode, 'claude-opus-5-5', 'gemini'],
  [codexOwn, 'gpt-5.5', 'messages'],
  [codexOwn, 'gpt-5.5', 'converse'],
  [geminiCli, 'gemini-2.5-pro', 'messages'],
] as const;

describe('a model that thinks for five minutes is waited for', () => {
  for (const [agent, model, api] of THINKING) {
    test.skipIf(!isInstalled(agent.program))(`by ${agent.name}, with a provider of ${api}`, async () => {
      const slow = await startStageOf(api, fastClock);
      slow.provider.play(() => ({ ...says('Thought through.'), thinking: { text: 'Hm.', forMs: 3000 } }));
      const session = await slow.turn(agent, { model, prompt: 'Think!' });
      expect([session.exitCode, session.stdout]).toEqual([0, expect.stringContaining('Thought through.')]);
      await slow.stop();
    });
  }
});
