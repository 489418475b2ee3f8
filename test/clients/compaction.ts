import { describe, expect, test } from 'bun:test';
import { type Agent, AGENTS, type Startable, using } from './agents.ts';
import { type Api, type Asked, besides, type Reply, says } from './provider/script.ts';
import { isInstalled, makeDesk } from './run-agent.ts';
import { startStageOf } from './stage.ts';

/** It compacts by itself at a share of the model's window. With this one, every history is too long. */
const eagerGeminiCli: Startable = {
  ...AGENTS.geminiCli,
  launch(access, prompt) {
    const { files, ...launch } = AGENTS.geminiCli.launch(access, prompt);
    const settings = JSON.parse(files?.['.gemini/settings.json'] ?? '{}') as object;
    const model = { compressionThreshold: 0.000_001 };
    return { ...launch, files: { '.gemini/settings.json': JSON.stringify({ ...settings, model }) } };
  },
};

/** Declares a test for each API: Gemini CLI compacts a session that it resumes. It never does so in its first turn. */
export function testGeminiCompaction(apis: readonly Api[]): void {
  test.skipIf(!isInstalled('gemini')).each([...apis])(
    'Gemini CLI compacts a session that it resumes, and goes on: %s',
    async (api) => {
      const stage = await startStageOf(api);
      const desk = await makeDesk();
      const turn = (prompt: string, args: readonly string[] = []) =>
        stage.turn(eagerGeminiCli, { model: 'gemini-2.5-pro', desk, prompt, args });
      stage.provider.play(() => says('Hello!'));
      await turn(`Hello! ${'Remember this sentence. '.repeat(400)}`);
      const summary = '<state_snapshot>A greeting was exchanged</state_snapshot>';
      stage.provider.play(({ body }) =>
        says(/Generate a new|Critically evaluate/.test(body) ? summary : 'So it was.'),
      );
      const session = await turn('Go on', ['--resume', 'latest']);
      expect([session.exitCode, session.stdout.trim()]).toEqual([0, 'So it was.']);
      const bodies = stage.provider.asked.map(({ body }) => body);
      expect(bodies.filter((body) => body.includes('Critically evaluate'))).toHaveLength(1);
      expect(bodies.at(-1)).toContain('A greeting was exchanged');
      expect(bodies.at(-1)).not.toContain('Remember this sentence.');
      await desk.remove();
      await stage.stop();
    },
  );
}

/** It compacts by itself when a request with its answer fills the window of the model. */
function cramped(agent: Agent): Startable {
  return {
    ...agent,
    launch(access, prompt) {
      const { files, ...launch } = agent.launch(access, prompt);
      const [[path, text] = ['', '{}']] = Object.entries(files ?? {});
      const limits = `"${access.model}":{"limit":{"context":20000,"output":1000},`;
      return { ...launch, files: { [path]: text.replace(`"${access.model}":{`, limits) } };
    },
  };
}

/** Declares a test for each pair: opencode compacts a session when the model's window is full. */
export function testOpencodeCompaction(pairs: readonly (readonly [Agent, Api])[]): void {
  const named = pairs.map(([agent, api]) => [agent.name, api, agent] as const);
  describe.skipIf(!isInstalled('opencode'))('compacts a session by itself, and goes on', () => {
    test.each(named)('%s with a provider of %s', async (_name, api, agent) => {
      const stage = await startStageOf(api);
      const first = (asked: Asked): Reply => ({
        ...using(agent.shell('echo one'))(asked),
        inputTokens: 19_500,
      });
      const work = besides(agent.shellTool, first);
      stage.provider.play((asked) => {
        if (asked.body.includes('context summarization agent')) return says('The summary of it all');
        return asked.body.includes('The summary of it all') ? says('Done.') : work(asked);
      });
      const session = await stage.turn(cramped(agent), { model: 'scripted', prompt: 'Do it' });
      expect([session.exitCode, session.stdout.trim()]).toEqual([0, expect.stringContaining('Done.')]);
      await stage.stop();
    });
  });
}
