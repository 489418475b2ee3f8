import type { DatabaseGateway } from '../../test/e2e/db-program.ts';

const LONG = 'a-name-of-eighty-characters-without-any-space-in-it-as-some-people-do-choose-one';
const CHINESE = '客服机器人（华东二区）生产环境大语言模型服务账号';
const EMOJI = '🦄🚀 team unicorn — naïve “quotes” <b>bold</b>';
const MARKUP = '<img src=x onerror=alert(1)>';

/** Secrets of the keys with names that are hard to show. */
export const CROWDED_KEYS = [
  'sk-crowded-long-01',
  'sk-crowded-zh-02',
  'sk-crowded-emoji-03',
  'sk-crowded-poor-04',
];
/** Models with names that are hard to show; the last one always fails. */
export const CROWDED_MODELS = [LONG, CHINESE, EMOJI, 'breaks'];

/** Fills a gateway with names and numbers that are hard to show. `base` is the address of the simulator. */
export async function configureCrowded({ admin }: DatabaseGateway, base: string): Promise<void> {
  const providers = [
    LONG,
    CHINESE,
    EMOJI,
    MARKUP,
    'idle',
    ...Array.from({ length: 8 }, (_, at) => `region-${at}`),
  ];
  for (const id of providers)
    await admin('POST', '/providers', { id, api_base: base, api_key: 'sk-x', price_provider: 'openai' });
  const ok = 'mock/ok?latency=40';
  for (const [at, id] of [LONG, CHINESE, EMOJI].entries())
    await admin('POST', '/models', {
      id,
      routes: [
        { provider: providers[at], model: ok, weight: 1000 },
        { provider: MARKUP, model: ok, weight: 1 },
        { provider: 'region-1', model: ok, priority: 2 },
        { provider: 'region-2', model: ok, priority: 3 },
        { provider: 'region-3', model: ok, priority: 4 },
      ],
      ...(at > 0 && { fallbacks: [LONG] }),
    });
  await admin('POST', '/models', { id: 'breaks', routes: [{ provider: 'region-4', model: 'mock/500' }] });
  await admin('PUT', '/settings/prices', {
    value: { models: { '*/mock/*': { input: 90_000, output: 3_000_000 } } },
  });
  await admin('POST', '/teams', { id: LONG, limits: [{ cost: 1_000_000, per: 'month' }] });
  await admin('POST', '/teams', { id: EMOJI, parent: LONG });
  await admin('POST', '/users', { id: CHINESE, email: `${LONG}@example.com` });
  const limits = [
    [
      { cost: 500_000, per: 'day' },
      { tokens: 9_000_000, per: 'week' },
    ],
    [{ cost: 8_000_000, per: 'month' }],
    [
      { cost: 250_000, per: 'total' },
      { requests: 1_000_000, per: 'hour' },
    ],
    [{ cost: 0.001, per: 'day' }],
  ];
  for (const [at, key] of CROWDED_KEYS.entries())
    await admin('POST', '/master-keys', {
      id: [LONG, CHINESE, EMOJI, 'poor'][at],
      key,
      team: at % 2 === 0 ? LONG : EMOJI,
      ...(at === 1 && { user: CHINESE }),
      limits: limits[at],
    });
  await admin('POST', '/accounts', { name: LONG, role: 'viewer' });
  await admin('POST', '/accounts', { name: CHINESE, role: 'operator' });
}
