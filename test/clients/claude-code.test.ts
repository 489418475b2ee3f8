import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fastClock } from '../acceptance/fast-clock.ts';
import { AGENTS } from './agents.ts';
import { says } from './provider/script.ts';
import { isInstalled, makeDesk } from './run-agent.ts';
import { type Stage, startStage } from './stage.ts';

const claude = AGENTS.claudeCode;
const model = 'claude-opus-5-5';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

describe.skipIf(!isInstalled('claude'))('Claude Code', () => {
  test('counts its context, compacts it and goes on', async () => {
    const desk = await makeDesk();
    const again = (prompt: string) => stage.turn(claude, { model, desk, prompt, args: ['--continue'] });
    stage.provider.play(() => says('Hello!'));
    await stage.turn(claude, { model, desk, prompt: 'Hello!' });

    stage.provider.play(() => says('Hello!'));
    const counted = await again('/context');
    expect(counted.stdout).toContain('System tools');
    const counts = stage.provider.targets.filter((target) => target.includes('count_tokens'));
    expect(counts.length).toBeGreaterThan(10);

    stage.provider.play(() => says('<summary>A greeting was exchanged</summary>'));
    expect((await again('/compact')).exitCode).toBe(0);
    stage.provider.play(() => says('So it was.'));
    expect((await again('Go on')).stdout).toContain('So it was.');
    expect(stage.provider.asked.at(-1)?.body).toContain('A greeting was exchanged');
    await desk.remove();
  });

  test('finds the models of the gateway', async () => {
    const desk = await makeDesk();
    stage.provider.play(() => says('Hello!'));
    const env = { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' };
    await stage.turn(claude, { model, desk, prompt: 'Hello!', env });
    const found = await readFile(join(desk.home, '.claude', 'cache', 'gateway-models.json'), 'utf8');
    expect(found).toContain(model);
    await desk.remove();
  });

  test('waits for a model that thinks for longer than a first byte may take, and shows nothing of it', async () => {
    const slow = await startStage(fastClock);
    // Five minutes on the gateway's clock.
    slow.provider.play(() => ({ ...says('Thought through.'), thinking: { text: 'Hm.', forMs: 3000 } }));
    const session = await slow.turn(claude, { model, prompt: 'Think!' });
    expect(session.stdout.trim()).toBe('Thought through.');
    expect(slow.provider.asked.map(({ body }) => /"display":"omitted"/.test(body))).toEqual([true]);
    await slow.stop();
  });
});
