import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { AGENTS } from './agents.ts';
import { besides, type Failed, type Refused, type Reply, says } from './provider/script.ts';
import { isInstalled } from './run-agent.ts';
import { type Stage, startStage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

function refused(status: number, code: string): Refused {
  return { kind: 'refused', status, code, message: `it says ${code}` };
}

function failed(code: string, more: Partial<Failed> = {}): Failed {
  return { kind: 'failed', code, message: `it says ${code}`, ...more };
}

const CUT: Reply = { kind: 'answer', text: 'Half a sentence', isCut: true };

/** A failure, and the agent's message about it: the same as without the gateway, or more. */
type Row = readonly [string, Reply, string];

const CLAUDE_CODE: readonly Row[] = [
  ['400', refused(400, 'invalid_request_error'), 'API Error: 400 it says invalid_request_error'],
  ['401', refused(401, 'authentication_error'), 'Failed to authenticate. API Error: 401 it says'],
  ['403', refused(403, 'permission_error'), 'API Error: 403 it says permission_error'],
  ['404', refused(404, 'not_found_error'), "There's an issue with the selected model"],
  ['413', refused(413, 'request_too_large'), 'Request too large'],
  ['429', refused(429, 'rate_limit_error'), 'Request rejected (429) · it says rate_limit_error'],
  ['500', refused(500, 'api_error'), 'API Error: 500 it says api_error'],
  ['529', refused(529, 'overloaded_error'), 'API Error: 529 it says overloaded_error'],
  // Directly from the provider it is an "empty or malformed response". A status tells more than an event.
  [
    'overloaded_error as the first event',
    failed('overloaded_error'),
    'API Error: 529 it says overloaded_error',
  ],
  ['rate_limit_error as the first event', failed('rate_limit_error'), 'Request rejected (429) · it says'],
  ['api_error as the first event', failed('api_error'), 'API Error: 500 it says api_error'],
  ['invalid_request_error as the first event', failed('invalid_request_error'), 'API Error: 400 it says'],
  ['api_error in the middle', failed('api_error', { after: 'Half a' }), 'Server error mid-response'],
  ['a cut in the middle', CUT, 'Server error mid-response'],
];

const CODEX: readonly Row[] = [
  ['400', refused(400, 'invalid_request_error'), 'it says invalid_request_error'],
  ['401', refused(401, 'invalid_api_key'), '401 Unauthorized: it says invalid_api_key'],
  ['403', refused(403, 'permission'), '403 Forbidden: it says permission'],
  ['404', refused(404, 'model_not_found'), 'it says model_not_found'],
  ['429', refused(429, 'rate_limit_exceeded'), 'rate limit exceeded: it says rate_limit_exceeded'],
  ['500', refused(500, 'server_error'), 'experiencing high demand'],
  ['503', refused(503, 'server_is_overloaded'), 'Selected model is at capacity'],
  ['context_length_exceeded', failed('context_length_exceeded'), "ran out of room in the model's context"],
  ['insufficient_quota', failed('insufficient_quota'), 'Quota exceeded. Check your plan'],
  [
    'rate_limit_exceeded',
    failed('rate_limit_exceeded', { message: 'Rate limit reached. Please try again in 0.2s.' }),
    'Rate limit reached. Please try again in 0.2s.',
  ],
  ['server_is_overloaded', failed('server_is_overloaded'), 'Selected model is at capacity'],
  ['invalid_prompt', failed('invalid_prompt'), 'it says invalid_prompt'],
  ['server_error', failed('server_error'), 'experiencing high demand'],
  [
    'server_is_overloaded in the middle',
    failed('server_is_overloaded', { after: 'Half a' }),
    'Selected model is at capacity',
  ],
  ['server_error in the middle', failed('server_error', { after: 'Half a' }), 'it says server_error'],
  ['a cut in the middle', CUT, 'stream disconnected before completion'],
];

const AGENT_ROWS = [
  {
    agent: AGENTS.claudeCode,
    model: 'claude-sonnet-4-5',
    env: { CLAUDE_CODE_MAX_RETRIES: '0' },
    rows: CLAUDE_CODE,
  },
  {
    agent: AGENTS.codexOwn,
    model: 'gpt-5.5',
    args: ['request_max_retries=0', 'stream_max_retries=0'].flatMap((setting) => [
      '-c',
      `model_providers.gateway.${setting}`,
    ]),
    rows: CODEX,
  },
] as const;

for (const { agent, model, rows, ...options } of AGENT_ROWS) {
  describe.skipIf(!isInstalled(agent.program))(`${agent.name} tells its user`, () => {
    test.each([...rows])('%s', async (_name, reply, told) => {
      stage.provider.play(besides(agent.shellTool, () => reply));
      const session = await stage.turn(agent, { model, prompt: 'Hello!', ...options });
      expect(session.exitCode).toBe(1);
      expect(`${session.stdout}\n${session.stderr}`).toContain(told);
    });

    test.each([
      ['a key that nobody knows', { key: 'mk-nobody-knows' }, /401/],
      ['a model that the key may not use', { key: 'mk-narrow-key' }, /403/],
      ['a rate that is spent', { key: 'mk-spent-key' }, /429/],
      [
        'a model that nobody serves',
        { model: 'nobody-serves-it' },
        /404|issue with the selected model|nobody-serves-it/,
      ],
    ])("the gateway's own refusal of %s", async (_name, access, told) => {
      stage.provider.play(() => says('not to be seen'));
      const session = await stage.turn(agent, { model, prompt: 'Hello!', ...options, ...access });
      expect(session.exitCode).toBe(1);
      expect(`${session.stdout}\n${session.stderr}`).toMatch(told);
      expect(stage.provider.asked).toEqual([]);
    });
  });
}

describe.skipIf(!isInstalled('codex'))('Codex', () => {
  const codex = AGENTS.codexOwn;

  test('asks once where the prompt is too long, although it would try again', async () => {
    stage.provider.play(besides(codex.shellTool, () => failed('context_length_exceeded')));
    await stage.turn(codex, { model: 'gpt-5.5', prompt: 'Hello!' });
    expect(stage.provider.asked.length).toBe(1);
  });

  test("shows the provider's request id", async () => {
    stage.provider.play(besides(codex.shellTool, () => refused(403, 'permission')));
    const session = await stage.turn(codex, { model: 'gpt-5.5', prompt: 'Hello!', args: AGENT_ROWS[1].args });
    expect(session.stderr).toMatch(/request id: req_scripted_\d+/);
  });

  test("shows the gateway's request id with a refusal of its own", async () => {
    const { args } = AGENT_ROWS[1];
    const session = await stage.turn(codex, {
      model: 'gpt-5.5',
      prompt: 'Hello!',
      key: 'mk-narrow-key',
      args,
    });
    expect(session.stderr).toMatch(/request id: req_[0-9a-f]{12}/);
  });
});
