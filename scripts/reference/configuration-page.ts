import { listSettings, type SchemaNode, type Setting, writePath } from './settings.ts';
import { markdownTable } from './markdown.ts';

/** `docs/configuration.md`: every setting, from the schema. */
export function configurationPage(): string {
  const settings = listSettings().filter(({ path }) => !isDescribedElsewhere(path));
  const sections = Map.groupBy(settings, ({ path }) => writePath(path.slice(0, -1)));
  const tables = [...sections].map(([section, members]) => sectionText(section, members, sections));
  return `${INTRODUCTION}\n${tables.join('\n\n')}\n`;
}

const INTRODUCTION = `# Configuration

<!-- Written by "npm run generate" from src/config/*-schema.ts. -->

Every setting of the configuration file. [config.example.yaml](../config.example.yaml) has all of them in one file, and
\`llm-proxy init\` writes a first one. \`llm-proxy check FILE\` says what is wrong with a file, with line and column, and what
it comes to.

- The file is the one that \`--config FILE\` or \`CONFIG_PATH\` names, else \`config.yaml\` in the current folder. With \`DB_URL\` the
  configuration is in a [database](database-mode.md).
- A change takes effect within a second. Only the address (\`listen\`, \`server.host\`, \`server.port\`), \`server.tls\` (which files
  they are; what is in them is read again), \`metrics.port\` and \`workers\` need a restart.
- The command line comes before the environment, and that before the file: \`--host\`, \`HOST\`, \`server.host\`;
  \`--port\`, \`PORT\`, \`server.port\`; \`--workers\`, \`LLM_PROXY_WORKERS\`, \`workers\`; \`LOG_LEVEL\`, \`logging.level\`.
- Every text may hold \`\${VAR}\` and \`\${VAR:-default}\`, and where a number or a switch is due, \`"\${VAR}"\` may stand for it. \`$\${\`
  is a plain \`\${\`. A variable that is neither set nor given a default is an error.
- \`\${file:/path}\` and \`\${file:/path:-default}\` stand for what is in a file, without the line ends at its end: a secret that Docker, systemd or
  Kubernetes mounts. A change of the file takes effect as a change of the configuration does. The default counts where the file does not exist or is
  empty; a file that can't be read is an error, which never quotes what is in it.
- A setting that is empty (\`key:\` with nothing behind it) counts as left out.
- Times are in seconds, and fractions are fine.

## Two ways to write it

Both are one schema, and a file may mix them. The column "way" says to which of them a setting belongs; where it is empty,
or where there is no such column, to both.

| \`providers\` | \`backends\` | is |
|---|---|---|
| \`providers\` with \`api_base\` | \`backends\` with \`url\` | an upstream account; each list takes the fields of the other |
| \`model_mapping\` of a provider | \`models\` with \`routes\` | which provider serves which model, under which name |
| \`weight\` | \`priority\` of a route | which of several providers of a model is asked |
| \`master_keys\` | \`proxy_api_key\` | what clients send |
| \`server\` | \`listen\` | where the gateway listens |

## In an editor

[config.schema.json](../config.schema.json) is the schema of the file. Editors with a YAML language server (VS Code with
Red Hat's YAML extension, Neovim, Helix, Zed, JetBrains' IDEs) complete and check a file that begins with

\`\`\`yaml
# yaml-language-server: $schema=./config.schema.json
\`\`\`

The path is relative to the file, so no network is needed. \`llm-proxy init\` puts the schema beside the file that it writes; for
another folder, and after an update of the program, \`llm-proxy schema > config.schema.json\` writes it.
`;

/** Sections whose entries are described once for two lists. */
const ALSO: Readonly<Record<string, string>> = {
  'providers[]': ' and `backends[]`',
  'providers[].timeouts': ' and `backends[].timeouts`',
};

/** Lists whose entries another section describes. */
const SAME: Readonly<Record<string, string>> = {
  backends: 'providers[]',
  'master_keys[].limits': 'limits[]',
  'master_keys[].per_end_user': 'limits[]',
  'teams[].limits': 'limits[]',
  'teams[].per_user': 'limits[]',
  'users[].limits': 'limits[]',
};

/** Whether the setting is inside such a list. */
function isDescribedElsewhere(path: readonly string[]): boolean {
  return path.some((_, length) => length > 0 && writePath(path.slice(0, length)) in SAME);
}

/** The one way of writing a configuration that a setting belongs to. Undefined if it belongs to both. */
const WAYS: Readonly<Record<string, 'providers' | 'backends'>> = {
  server: 'providers',
  master_keys: 'providers',
  providers: 'providers',
  'providers[].api_base': 'providers',
  'providers[].weight': 'providers',
  'providers[].model_mapping': 'providers',
  'models.<name>.routes[].provider': 'providers',
  listen: 'backends',
  proxy_api_key: 'backends',
  backends: 'backends',
  'providers[].url': 'backends',
  'providers[].enabled': 'backends',
  models: 'backends',
  'models.<name>.routes[].backend': 'backends',
  fallback: 'backends',
  detection: 'backends',
  logging: 'backends',
};

type Sections = ReadonlyMap<string, readonly Setting[]>;

function sectionText(section: string, settings: readonly Setting[], sections: Sections): string {
  const hasWays = settings.some(({ path }) => writePath(path) in WAYS);
  const heads = ['setting', 'type', 'default', ...(hasWays ? ['way'] : []), 'meaning'];
  const rows = settings.map((setting) => [
    nameText(setting, sections),
    typeText(setting),
    defaultText(setting),
    ...(hasWays ? [WAYS[writePath(setting.path)] ?? ''] : []),
    `${setting.description}${exampleText(setting)}`,
  ]);
  return `## ${titleOf(section)}\n\n${markdownTable(heads, rows)}`;
}

function titleOf(section: string): string {
  return section === '' ? 'At the top of the file' : `\`${section}\`${ALSO[section] ?? ''}`;
}

/** The name of a setting, with a link to the section that describes its contents. */
function nameText({ path }: Setting, sections: Sections): string {
  const name = `\`${path.at(-1)}\``;
  const inside = [path, [...path, '[]'], [...path, '*']].map(writePath);
  const section = inside.find((place) => sections.has(place)) ?? SAME[writePath(path)];
  return section === undefined ? name : `[${name}](#${anchorOf(titleOf(section))})`;
}

/** The anchor that GitHub gives to a title. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

function defaultText({ default: fallback, isRequired }: Setting): string {
  if (isRequired) return '**required**';
  return fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``;
}

function exampleText({ path, example }: Setting): string {
  return example === undefined ? '' : ` Example: \`${path.at(-1)}: ${JSON.stringify(example)}\``;
}

function typeText({ alternatives, isSecret }: Setting): string {
  return `${alternatives.map(alternativeText).join(' or ')}${isSecret ? ', secret' : ''}`;
}

function alternativeText(node: SchemaNode): string {
  const { type, items, additionalProperties, properties } = node;
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.enum !== undefined) return node.enum.map((word) => `\`${word}\``).join(', ');
  switch (Array.isArray(type) ? type[0] : type) {
    case 'boolean':
      return '`true` or `false`';
    case 'integer':
      return `whole number${rangeText(node)}`;
    case 'number':
      return `number${rangeText(node)}`;
    case 'array':
      return items?.properties ? 'list' : `list of: ${itemText(items)}`;
    case 'object':
      return properties || typeof additionalProperties !== 'object'
        ? 'section'
        : namedText(additionalProperties);
    default:
      return 'text';
  }
}

function itemText(items: SchemaNode = {}): string {
  const alternatives = (items.anyOf ?? [items]).filter(({ $ref }) => $ref === undefined);
  return alternatives.map(alternativeText).join(' or ');
}

function namedText(node: SchemaNode): string {
  return node.properties ? 'section for each name' : `${alternativeText(node)} for each name`;
}

function rangeText({ minimum, exclusiveMinimum, maximum }: SchemaNode): string {
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}, up to ${maximum}`;
  if (maximum === undefined) return ` of at least ${minimum}`;
  return ` from ${minimum} to ${maximum}`;
}
