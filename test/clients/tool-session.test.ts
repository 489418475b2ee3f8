import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENTS, type Agent, using } from './agents.ts';
import { besides, inSteps, says, type Script } from './provider/script.ts';
import { isInstalled, makeDesk } from './run-agent.ts';
import { type Stage, startStage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

const FINAL = 'All done, with both tools.';

/** Two commands at once, then a file. */
function work(agent: Agent): Script {
  return besides(
    agent.shellTool,
    inSteps(
      using(agent.shell("printf 'first-%d' 42"), agent.shell("printf 'second-%d' 55")),
      using(agent.writeFile('made.txt', 'written by a tool')),
      () => says(FINAL),
    ),
  );
}

const SESSIONS = [
  [AGENTS.claudeCode, 'claude-sonnet-4-5'],
  [AGENTS.codexBuiltIn, 'gpt-5.5'],
  [AGENTS.codexOwn, 'gpt-5.5'],
  [AGENTS.geminiCli, 'gemini-2.5-pro'],
  [AGENTS.opencodeChat, 'scripted'],
  [AGENTS.opencodeMessages, 'claude-sonnet-4-5'],
  [AGENTS.opencodeResponses, 'scripted'],
] as const;

describe('a provider of the API that it speaks serves a session with tools of', () => {
  for (const [agent, model] of SESSIONS) {
    test.skipIf(!isInstalled(agent.program))(agent.name, async () => {
      const { provider } = stage;
      const desk = await makeDesk();
      provider.play(work(agent));
      const session = await stage.turn(agent, { model, desk, prompt: 'Do your work' });
      expect(`${session.stdout}\n${session.stderr}`).toContain(FINAL);
      expect(session.exitCode).toBe(0);
      const results = provider.asked.at(-1)?.results ?? [];
      // Parallel calls run side by side, and Claude Code sends their results in the order in which they ended.
      const shown = results.slice(0, 2).map((text) => /(?:first|second)-\d+/.exec(text)?.[0] ?? text);
      expect(shown.toSorted()).toEqual(['first-42', 'second-55']);
      expect(results).toHaveLength(3);
      expect((await readFile(join(desk.work, 'made.txt'), 'utf8')).trim()).toBe('written by a tool');
      expect(provider.asked.flatMap(({ headers }) => Object.values(headers).join(' '))).not.toContain('mk-');
      await desk.remove();
    });
  }
});
