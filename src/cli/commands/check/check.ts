import { addressText } from '../../../config/compile/address.ts';
import { findJournalProblem, startWarnings } from '../../../app/start-warnings.ts';
import { isoText } from '../../../config/describe-limit.ts';
import { findWeakKeys } from '../../../config/read/file-warnings.ts';
import { describeLimits } from './describe-limits.ts';
import { loadConfig } from '../../../config/read/load.ts';
import { formatProblem } from '../../../config/read/problems.ts';
import { apisOnRoute, describeApis } from '../../../config/translated-apis.ts';
import type { MasterKey, Snapshot } from '../../../config/snapshot.ts';
import type { Model, Route } from '../../../routing/route.ts';
import { UsageError, type ValuesOf } from '../../command.ts';
import { aligned } from '../../aligned.ts';
import { EXIT } from '../../../exit-code.ts';
import type { checkDeclaration } from './declaration.ts';
import { type Style, styleFor } from '../../style.ts';

/** Checks a configuration file. A summary of a valid one goes to standard output, problems to standard error. */
export async function check(values: ValuesOf<typeof checkDeclaration>): Promise<number> {
  const { file, config, host, port } = values;
  if (file !== undefined && config !== undefined) throw new UsageError('check takes one file at a time.');
  const path = file ?? config ?? (process.env['CONFIG_PATH'] || 'config.yaml');
  const overrides = { ...(host !== undefined && { host }), ...(port !== undefined && { port }) };
  const result = await loadConfig({ path, overrides, env: process.env, version: 1, now: new Date() });
  if (result.kind === 'refused') {
    for (const problem of result.problems) console.error(formatProblem(problem));
    return EXIT.failed;
  }
  const style = styleFor(process.stdout, process.env);
  const { snapshot } = result;
  const journal = await findJournalProblem(snapshot, process.env);
  if (journal !== undefined) {
    console.error(`${path}: ${journal}`);
    return EXIT.failed;
  }
  const doubts = [...findWeakKeys(result.file), ...(await startWarnings(snapshot, process.env, 'file'))];
  const whole = { ...snapshot, warnings: [...snapshot.warnings, ...doubts] };
  console.log(`${path}: ${style.good('valid')}\n\n${describeSnapshot(whole, style)}`);
  return EXIT.ok;
}

/** A summary of a configuration for people. */
function describeSnapshot(snapshot: Snapshot, { bold }: Style): string {
  const { server, providers, models, patterns, findModel, access, warnings } = snapshot;
  const patternModels = patterns.flatMap((pattern) => findModel(pattern) ?? []);
  const sections = [
    [`Listens on ${server.tls === undefined ? 'http' : 'https'}://${addressText(server)}`],
    [
      'Providers',
      ...indented([...providers.values()].map(({ name, type, apiBase }) => [name, type, apiBase])),
    ],
    ['Models', ...[...models.values(), ...patternModels].flatMap(describeModel)],
    ['Client APIs', ...describeRoutes([...models.values(), ...patternModels], snapshot)],
    [
      'Keys',
      ...(access.kind === 'open'
        ? ['  none: open to everybody']
        : indented([...access.keys.values()].map((key) => describeKey(key, snapshot)))),
    ],
    ['Limits', ...describeLimits(snapshot)],
    ['Warnings', ...warnings.map((warning) => `  ${warning}`)],
  ];
  return sections
    .filter(([title, ...lines]) => lines.length > 0 || title?.startsWith('Listens'))
    .map(([title = '', ...lines]) => [bold(title), ...lines].join('\n'))
    .join('\n\n');
}

function describeModel({ name, strategy, routes, fallbacks }: Model): string[] {
  const inOrder = routes.toSorted((a, b) => a.priority - b.priority);
  const rows = inOrder.map((route) => [
    `priority ${route.priority}`,
    `${route.provider} → ${route.upstreamModel ?? name}`,
    `weight ${route.weight}`,
    `${(shareOf(route, routes) * 100).toFixed(1)} %`,
  ]);
  const then =
    fallbacks.length === 0 ? [] : [`    then ${fallbacks.map((model) => model.name).join(', then ')}`];
  const lines = rows.length === 0 ? ['    no enabled route'] : indented(rows).map((row) => `  ${row}`);
  return [`  ${name}  (${strategy})`, ...lines, ...then];
}

/**
 * Describes the client APIs that pass on each route and those that are translated. Each pair of provider and model
 * comes once.
 */
function describeRoutes(models: readonly Model[], { providers }: Snapshot): string[] {
  const rows = new Map<string, string[]>();
  for (const route of models.flatMap(({ routes }) => routes)) {
    const provider = providers.get(route.provider);
    if (provider === undefined || rows.has(route.id)) continue;
    const model = route.upstreamModel ?? '*';
    const apis = apisOnRoute(provider, { model, api: route.translation?.api });
    rows.set(route.id, [`${route.provider} → ${model}`, describeApis(apis)]);
  }
  return indented([...rows.values()]);
}

/** The share of requests that a route gets while all routes of its priority are available. */
function shareOf(route: Route, routes: readonly Route[]): number {
  const peers = routes.filter(({ priority }) => priority === route.priority);
  const total = peers.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? 1 / peers.length : route.weight / total;
}

function describeKey(key: MasterKey, { limits }: Snapshot): string[] {
  const { name, preview, enabled, allowedModels, limit, team, user, expiresAtMs } = key;
  const isLimited = limits.claimsOf(key, '').length > 0 || limits.perEndUser(key).length > 0;
  return [
    name,
    preview,
    enabled ? 'enabled' : 'disabled',
    allowedModels.length === 0 ? 'all models' : allowedModels.join(', '),
    [
      ...(limit === undefined ? [] : [`${limit.ratePerSecond} requests/s, burst ${limit.burst}`]),
      ...(isLimited ? ['limits below'] : limit === undefined ? ['no limit'] : []),
      ...(team === undefined ? [] : [`team ${team.path}`]),
      ...(user === undefined ? [] : [`user ${user.name}`]),
      ...(expiresAtMs === undefined ? [] : [`expires ${isoText(expiresAtMs)}`]),
    ].join(', '),
  ];
}

function indented(rows: readonly (readonly string[])[]): string[] {
  return aligned(rows).map((row) => `  ${row}`);
}
