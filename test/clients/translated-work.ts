import { afterAll, describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Agent, using } from './agents.ts';
import { type Api, besides, inSteps, says, type Script } from './provider/script.ts';
import { isInstalled, makeDesk } from './run-agent.ts';
import { type Stage, startStageOf } from './stage.ts';

/** One red dot. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

/** The form of a picture's bytes in a request of each API. */
const PICTURE_MARK: Readonly<Record<Api, RegExp>> = {
  chat: /"image_url":\{"url":"data:image\/png;base64,/,
  responses: /"type":"input_image"[^}]*"data:image\/png;base64,|"image_url":"data:image\/png;base64,/,
  messages: /"type":"base64"[^}]*"media_type":"image\/png"|"media_type":"image\/png"[^}]*"type":"base64"/,
  gemini: /"mimeType":"image\/png"/,
  converse: /"image":\{"format":"png"/,
};

const FINAL = 'All done, with all the tools.';

/** Thinks, runs two commands at once, looks at a picture if the agent can, and writes a file. */
function work(agent: Agent, folder: string): Script {
  return besides(
    agent.shellTool,
    inSteps(
      (asked) => ({
        ...using(agent.shell("printf 'first-%d' 42"), agent.shell("printf 'second-%d' 55"))(asked),
        thinking: { text: 'Two commands.', forMs: 0 },
      }),
      ...(agent.readImage === undefined ? [] : [using(agent.readImage(join(folder, 'dot.png')))]),
      using(agent.writeFile(join(folder, 'made.txt'), 'written by a tool')),
      () => says(FINAL),
    ),
  );
}

/** An agent, the model that it asks for, and the APIs of the providers that serve it. */
export type Session = readonly [Agent, string, readonly Api[]];

/** Declares a test for each session: a provider that speaks only one API serves a whole session with tools. */
export function testSessions(sessions: readonly Session[]): void {
  const stages = new Map<Api, Stage>();
  const stageOf = async (api: Api): Promise<Stage> => {
    const stage = stages.get(api) ?? (await startStageOf(api));
    stages.set(api, stage);
    return stage;
  };
  afterAll(async () => {
    for (const stage of stages.values()) await stage.stop();
  });
  for (const [agent, model, apis] of sessions) {
    describe.skipIf(!isInstalled(agent.program))(
      `${agent.name} works with a provider that speaks only`,
      () => {
        test.each([...apis])('%s', async (api) => {
          await playSession(await stageOf(api), agent, { model, api });
        });
      },
    );
  }
}

async function playSession(
  stage: Stage,
  agent: Agent,
  { model, api }: { readonly model: string; readonly api: Api },
): Promise<void> {
  const desk = await makeDesk({ 'dot.png': PICTURE });
  stage.provider.play(work(agent, desk.work));
  const session = await stage.turn(agent, { model, desk, prompt: 'Do your work' });
  expect(`${session.stdout}\n${session.stderr}`).toContain(FINAL);
  expect(session.exitCode).toBe(0);
  const last = stage.provider.asked.at(-1);
  const shown = (last?.results ?? [])
    .slice(0, 2)
    .map((text) => /(?:first|second)-\d+/.exec(text)?.[0] ?? text);
  expect(shown.toSorted()).toEqual(['first-42', 'second-55']);
  const canSee = agent.readImage !== undefined;
  expect(last?.results).toHaveLength(canSee ? 4 : 3);
  if (canSee) expect(last?.body).toMatch(PICTURE_MARK[api]);
  expect((await readFile(join(desk.work, 'made.txt'), 'utf8')).trim()).toBe('written by a tool');
  await desk.remove();
}
