import type { ProviderApi } from '../../../src/translation/conversation.ts';
import { markdownTable } from '../markdown.ts';
import { ANSWER_FEATURES } from './answer-features.ts';
import { COLUMNS } from './columns.ts';
import { CONTENT_FEATURES } from './content-features.ts';
import type { Client, Feature } from './feature.ts';
import { judge, type Verdict } from './judge.ts';
import { judgeAnswer } from './judge-answer.ts';
import { SETTING_FEATURES } from './setting-features.ts';
import { TOOL_FEATURES } from './tool-features.ts';

export const FEATURES: readonly Feature[] = [...CONTENT_FEATURES, ...TOOL_FEATURES, ...SETTING_FEATURES];

export const CLIENTS: Readonly<Record<Client, string>> = {
  chat: 'Clients of Chat Completions',
  responses: 'Clients of the Responses API',
  messages: 'Clients of the Messages API',
  gemini: 'Clients of the Gemini API',
  completions: 'Clients of Completions',
};

const PROVIDERS: Readonly<Record<ProviderApi, string>> = {
  chat: 'Chat',
  responses: 'Responses',
  messages: 'Messages',
  gemini: 'Gemini',
  converse: 'Bedrock Converse',
};

/** The fidelity matrix in Markdown. For each client API, it shows how requests translate, the reasons, and how answers translate. */
export async function fidelityMatrix(): Promise<string> {
  const sections: string[] = [models()];
  for (const client of Object.keys(CLIENTS) as Client[]) {
    sections.push(`### ${CLIENTS[client]}`, await requests(client), await answers(client));
  }
  return sections.join('\n\n');
}

function models(): string {
  const rows = COLUMNS.map(({ title, model, reasoningModel }) => [
    title,
    `\`${model}\``,
    `\`${reasoningModel}\``,
  ]);
  return markdownTable(['column', 'model', 'asked about reasoning and verbosity'], rows);
}

async function requests(client: Client): Promise<string> {
  const rows: string[][] = [];
  const reasons: string[] = [];
  for (const feature of FEATURES) {
    if (feature.asked[client] === undefined) continue;
    const verdicts = await Promise.all(COLUMNS.map((column) => judge(client, feature, column)));
    rows.push([feature.name, ...verdicts.map((verdict) => verdict?.word ?? '')]);
    reasons.push(...reasonsFor(feature.name, verdicts));
  }
  const table = markdownTable(['in requests', ...COLUMNS.map(({ title }) => title)], rows);
  return reasons.length === 0 ? table : `${table}\n\n${reasons.join('\n')}`;
}

async function answers(client: Client): Promise<string> {
  const rows: string[][] = [];
  const apis = Object.keys(PROVIDERS) as ProviderApi[];
  for (const feature of ANSWER_FEATURES) {
    const verdicts = await Promise.all(apis.map((api) => judgeAnswer(client, feature, api)));
    rows.push([feature.name, ...verdicts.map((verdict) => verdict?.word ?? '–')]);
  }
  return markdownTable(['in answers', ...Object.values(PROVIDERS)], rows);
}

/** One line for each reason, with the columns that it applies to. */
function reasonsFor(name: string, verdicts: readonly (Verdict | undefined)[]): string[] {
  const columns = new Map<string, string[]>();
  for (const [index, verdict] of verdicts.entries()) {
    for (const why of verdict?.why ?? []) {
      if (NO_SUCH_FIELD.test(why)) continue;
      columns.set(why, [...(columns.get(why) ?? []), COLUMNS[index]?.title ?? '']);
    }
  }
  return [...columns].map(([why, titles]) => `- ${name}: ${why} (${titles.join('; ')})`);
}

/** Says no more than the cell does. */
const NO_SUCH_FIELD = /^the (?:other API|API|server) has no such field$/;
