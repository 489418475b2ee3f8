import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { parsePort } from '../config/overrides.ts';
import { formatProblem } from '../config/problems.ts';
import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import type { Model, Route } from '../routing/route.ts';
import { type Command, EXIT, withDoubleDashes } from './command.ts';

const HELP = `Usage: llm-proxy check [--config] FILE [--host HOST] [--port PORT]

Checks a configuration file and shows what it comes to: the routes of each model in the order in which they are
tried, the fallbacks and the keys. Without FILE: CONFIG_PATH from the environment, else config.yaml.
Exit code: 0 valid, 1 not valid, 2 wrong usage.`;

/** `llm-proxy check`: validates a configuration without starting anything. */
export const checkCommand: Command = {
  name: 'check',
  summary: 'Check a configuration file and show the routes it comes to',
  run,
};

/** Returns the exit code. What is valid goes to standard output, problems to standard error. */
async function run(args: readonly string[]): Promise<number> {
  const options = readArguments(args);
  if (options.kind === 'help') {
    console.log(HELP);
    return EXIT.ok;
  }
  if (options.kind === 'wrong') {
    console.error(`llm-proxy check: ${options.message} "llm-proxy check --help" tells more.`);
    return EXIT.usage;
  }
  const { path, overrides } = options;
  const result = await loadConfig({ path, overrides, env: process.env, version: 1, now: new Date() });
  if (result.kind === 'refused') {
    for (const problem of result.problems) console.error(formatProblem(problem));
    return EXIT.failed;
  }
  console.log(`${path}: valid\n\n${describeSnapshot(result.snapshot)}`);
  return EXIT.ok;
}

type Options =
  | { readonly kind: 'check'; readonly path: string; readonly overrides: { host?: string; port?: number } }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

function readArguments(args: readonly string[]): Options {
  try {
    const { values, positionals } = parseArgs({
      args: withDoubleDashes(args),
      options: {
        config: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
    const files = [...(values.config === undefined ? [] : [values.config]), ...positionals];
    const port = values.port === undefined ? undefined : parsePort(values.port);
    if (values.help === true) return { kind: 'help' };
    if (files.length > 1) return { kind: 'wrong', message: 'one file at a time, please.' };
    if (values.port !== undefined && port === undefined)
      return { kind: 'wrong', message: '--port must be from 0 to 65535.' };
    return {
      kind: 'check',
      path: files[0] ?? (process.env['CONFIG_PATH'] || 'config.yaml'),
      overrides: {
        ...(values.host !== undefined && { host: values.host }),
        ...(port !== undefined && { port }),
      },
    };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}

/** What a configuration comes to, for people to read. */
function describeSnapshot(snapshot: Snapshot): string {
  const { server, providers, models, patterns, findModel, access, warnings } = snapshot;
  const patternModels = patterns.flatMap((pattern) => findModel(pattern) ?? []);
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  const sections = [
    [`Listens on ${server.tls === undefined ? 'http' : 'https'}://${host}:${server.port}`],
    ['Providers', ...table([...providers.values()].map(({ name, type, apiBase }) => [name, type, apiBase]))],
    ['Models', ...[...models.values(), ...patternModels].flatMap(describeModel)],
    [
      'Keys',
      ...(access.kind === 'open'
        ? ['  none: open to everybody']
        : table([...access.keys.values()].map(describeKey))),
    ],
    ['Warnings', ...warnings.map((warning) => `  ${warning}`)],
  ];
  return sections
    .filter(([title, ...lines]) => lines.length > 0 || title?.startsWith('Listens'))
    .map((lines) => lines.join('\n'))
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
  const lines = rows.length === 0 ? ['    no enabled route'] : table(rows).map((row) => `  ${row}`);
  return [`  ${name}  (${strategy})`, ...lines, ...then];
}

/** The part of the requests that a route gets while all of its priority are available. */
function shareOf(route: Route, routes: readonly Route[]): number {
  const peers = routes.filter(({ priority }) => priority === route.priority);
  const total = peers.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? 1 / peers.length : route.weight / total;
}

function describeKey({ name, preview, enabled, allowedModels, limit }: MasterKey): string[] {
  return [
    name,
    preview,
    enabled ? 'enabled' : 'disabled',
    allowedModels.length === 0 ? 'all models' : allowedModels.join(', '),
    limit === undefined ? 'no limit' : `${limit.ratePerSecond} requests/s, burst ${limit.burst}`,
  ];
}

/** Rows as lines with aligned columns. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}
