import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fastClock } from '../acceptance/fast-clock.ts';
import { AGENTS, using } from './agents.ts';
import { besides, inSteps, says } from './provider/script.ts';
import { isInstalled } from './run-agent.ts';
import { type Stage, startStage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

describe.skipIf(!isInstalled('codex'))('Codex', () => {
  test('tries one WebSocket, and then HTTP', async () => {
    stage.provider.play(() => says('Hello!'));
    const before = stage.gateway.events.length;
    const session = await stage.turn(AGENTS.codexBuiltIn, { model: 'gpt-5.5', prompt: 'Hello!' });
    expect([session.exitCode, session.stdout.trim()]).toEqual([0, 'Hello!']);
    const ends = stage.gateway.events.slice(before).filter((event) => event.type === 'request-ended');
    expect(ends.map(({ status }) => status)).toEqual([426, 200]);
  });

  test('waits for a model that thinks for longer than a first byte may take, without a word of it', async () => {
    const slow = await startStage(fastClock);
    // Five minutes on the gateway's clock.
    slow.provider.play(() => ({ ...says('Thought through.'), thinking: { text: '', forMs: 3000 } }));
    const session = await slow.turn(AGENTS.codexOwn, { model: 'gpt-5.5', prompt: 'Think!' });
    expect(session.stdout.trim()).toBe('Thought through.');
    expect(slow.provider.asked.length).toBe(1);
    await slow.stop();
  });

  test('runs JavaScript by the custom tool in a namespace that its newest models get', async () => {
    const agent = { ...AGENTS.codexOwn, shellTool: 'exec' };
    const code =
      'const r = await tools.exec_command({ cmd: "echo six-$((5 + 1))" }); text(r.output ?? JSON.stringify(r));';
    stage.provider.play(
      besides(
        'exec',
        inSteps(using(['exec', code]), () => says('It ran.')),
      ),
    );
    const session = await stage.turn(agent, { model: 'gpt-6.2-sol', prompt: 'Run it' });
    expect(session.stdout.trim()).toBe('It ran.');
    expect(stage.provider.asked.at(-1)?.results.join()).toContain('six-6');
  });

  test('compacts a session by itself, and goes on', async () => {
    const agent = AGENTS.codexOwn;
    const work = besides(
      agent.shellTool,
      inSteps(using(agent.shell('echo one')), () => says('Not compacted.')),
    );
    stage.provider.play((asked) => {
      if (asked.body.includes('The summary of it all')) return says('Done.');
      return asked.body.includes('CONTEXT CHECKPOINT') ? says('The summary of it all') : work(asked);
    });
    const args = ['-c', 'model_auto_compact_token_limit=40'];
    const session = await stage.turn(agent, { model: 'gpt-5.5', prompt: 'Do it', args });
    expect([session.exitCode, session.stdout.trim()]).toEqual([0, 'Done.']);
    expect(stage.provider.asked.length).toBe(3);
  });
});
