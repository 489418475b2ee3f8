import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'bun:test';
import { AGENTS } from './agents.ts';
import { testGeminiCompaction, testOpencodeCompaction } from './compaction.ts';
import { AIDER, MORE_AGENTS } from './more-agents.ts';
import { says } from './provider/script.ts';
import { isInstalled, makeDesk } from './run-agent.ts';
import { startStageOf } from './stage.ts';
import { testSessions } from './translated-work.ts';

// Run by `npm run test:agents`: the sessions that take too long for every run of the tests.
testSessions([
  [AGENTS.opencodeChat, 'scripted', ['responses', 'messages', 'gemini', 'converse']],
  [AGENTS.opencodeMessages, 'scripted', ['chat', 'responses', 'gemini', 'converse']],
  [AGENTS.opencodeResponses, 'scripted', ['chat', 'messages', 'gemini', 'converse']],
  [AGENTS.opencodeGemini, 'scripted', ['chat', 'responses', 'messages', 'converse']],
  [MORE_AGENTS.clineChat, 'scripted', ['responses', 'messages', 'gemini', 'converse']],
  [MORE_AGENTS.continueChat, 'scripted', ['responses', 'messages', 'gemini', 'converse']],
  [MORE_AGENTS.continueMessages, 'scripted', ['chat', 'responses', 'gemini', 'converse']],
  [MORE_AGENTS.qwenCode, 'scripted', ['responses', 'messages', 'gemini', 'converse']],
]);

testGeminiCompaction(['chat', 'responses', 'converse']);
testOpencodeCompaction([
  [AGENTS.opencodeChat, 'messages'],
  [AGENTS.opencodeMessages, 'gemini'],
  [AGENTS.opencodeResponses, 'converse'],
  [AGENTS.opencodeGemini, 'responses'],
]);

const EDIT = 'made.txt\n```\n<<<<<<< SEARCH\n=======\nwritten by an edit\n>>>>>>> REPLACE\n```\n';

describe.skipIf(!isInstalled('aider'))('aider edits a file with a provider that speaks only', () => {
  test.each([
    ['responses', AIDER.chat, 'scripted'],
    ['messages', AIDER.chat, 'scripted'],
    ['gemini', AIDER.chat, 'scripted'],
    ['converse', AIDER.chat, 'scripted'],
    ['chat', AIDER.messages, 'claude-opus-5-5'],
    ['gemini', AIDER.messages, 'claude-opus-5-5'],
  ] as const)('%s', async (api, program, model) => {
    const stage = await startStageOf(api);
    const desk = await makeDesk();
    stage.provider.play(() => says(EDIT));
    const session = await stage.turn(program, { model, desk, prompt: 'Make the file' });
    expect([session.exitCode, session.stderr]).toEqual([0, session.stderr]);
    expect((await readFile(join(desk.work, 'made.txt'), 'utf8')).trim()).toBe('written by an edit');
    await desk.remove();
    await stage.stop();
  });
});
