import { expandEnvironment } from '../../config/read/environment.ts';
import { type Locate, type Problem, toProblems } from '../../config/read/problems.ts';
import type { ConfigFile } from '../../config/schema/schema.ts';
import { checkShape } from '../../config/read/shape.ts';
import { readPlainYaml } from '../../config/read/quick/plain-yaml.ts';
import { parseSource, type Source } from '../../config/read/source.ts';
import { exportFile } from '../../migrate/export-file.ts';
import { hasNothing, NOTHING_TO_IMPORT, readLitellm, type Unmapped } from '../../migrate/from-litellm.ts';
import { isObject } from '../../store/json-path.ts';
import { RESOURCE_KINDS } from '../../store/resource-kinds.ts';
import type { Json, JsonObject, Revision } from '../../store/revision.ts';
import { findUnsentCredentials } from '../credential-again.ts';

/** A configuration sent as text. */
export interface SentText {
  /** undefined: it has problems. */
  readonly file: ConfigFile | undefined;
  readonly problems: readonly Pick<Problem, 'path' | 'line' | 'column' | 'message'>[];
  /** Settings of another program that have no counterpart. */
  readonly unmapped: readonly Unmapped[];
}

/**
 * Reads a configuration. In an export, `${NAME}` stands for a secret; if the same variable is in the same place, the
 * stored secret is kept. Any other variable is a problem, since callers must not read the server's environment.
 */
export function readText(text: string, before: Revision, from: 'litellm' | undefined): SentText {
  const source = readSource(text);
  if (source.kind === 'invalid')
    return {
      file: undefined,
      unmapped: [],
      problems: source.faults.map((fault) => ({ path: '', ...fault })),
    };
  if (from === 'litellm') return readForeign(source.value, before);
  const hidden = exportFile(before, { withSecrets: false });
  const kept = keptSecrets(source.value as Json, hidden, exportFile(before, { withSecrets: true }));
  const expansion = expandEnvironment(kept, { env: undefined });
  const shape = checkShape(expansion);
  const found = [...expansion.findings, ...shape.findings];
  const problems = toProblems('', found, source.locate).map(({ path, line, column, message }) => ({
    path,
    line,
    column,
    message,
  }));
  const unsent = unsentCredentials(source.value as Json, hidden, before).map((path) => ({
    path,
    ...source.locate([], 'value'),
    message: 'has to be sent again, since the change would send the stored one to another host',
  }));
  const all = [...problems, ...unsent];
  return { file: all.length === 0 ? shape.file : undefined, problems: all, unmapped: [] };
}

/**
 * Reads YAML. Most texts do not need the library, which takes fifteen times as long; it then only locates
 * problems.
 */
function readSource(text: string): Source {
  const value = readPlainYaml(text);
  if (value === undefined) return parseSource(text);
  let parsed: Source | undefined;
  const locate: Locate = (path, part) => {
    parsed ??= parseSource(text);
    return parsed.kind === 'parsed' ? parsed.locate(path, part) : { line: 1, column: 1 };
  };
  return { kind: 'parsed', value, locate };
}

function readForeign(value: unknown, before: Revision): SentText {
  const bases = [...before.resources.providers.values()].map(({ id, fields }): [string, string] => {
    const base = fields['api_base'];
    return [id, typeof base === 'string' ? base : ''];
  });
  const { file, unmapped } = readLitellm(value, {}, new Map(bases));
  if (hasNothing(file))
    return {
      file: undefined,
      unmapped,
      problems: [{ path: '', line: 1, column: 1, message: NOTHING_TO_IMPORT }],
    };
  const shape = checkShape({ value: file, expanded: new Set() });
  const problems = toProblems('', shape.findings, () => ({ line: 1, column: 1 }));
  return { file: problems.length === 0 ? shape.file : undefined, problems, unmapped };
}

/** Puts stored secrets where the text has the variables that stand for them. Entries of lists are found by name. */
function keptSecrets(given: Json, hidden: Json | undefined, open: Json | undefined): Json {
  if (typeof given === 'string') return given === hidden && open !== undefined ? open : given;
  if (Array.isArray(given)) {
    const [hiddenTwin, openTwin] = [twinsIn(hidden), twinsIn(open)];
    return given.map((entry, at) => keptSecrets(entry, hiddenTwin(entry, at), openTwin(entry, at)));
  }
  if (!isObject(given) || !isObject(hidden) || !isObject(open)) return given;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, keptSecrets(value, hidden[name], open[name])]),
  );
}

/** Finds the entry of a list that has the name of another entry, or its place if that has no name. */
function twinsIn(list: Json | undefined): (entry: Json, at: number) => Json | undefined {
  if (!Array.isArray(list)) return () => undefined;
  const named = new Map<Json, Json>();
  for (const one of list) {
    const name = isObject(one) ? one['name'] : undefined;
    if (name !== undefined && !named.has(name)) named.set(name, one);
  }
  return (entry, at) => {
    const name = isObject(entry) ? entry['name'] : undefined;
    return name === undefined ? list[at] : named.get(name);
  };
}

/** The paths of credentials that the text keeps while it changes their destination. */
function unsentCredentials(given: Json, hidden: JsonObject, before: Revision): string[] {
  const entries = isObject(given) && Array.isArray(given['providers']) ? given['providers'] : [];
  const hiddenTwin = twinsIn(hidden['providers']);
  return entries.flatMap((entry, at) => {
    if (!isObject(entry)) return [];
    const name = entry['name'];
    const known = typeof name === 'string' ? before.resources.providers.get(name) : undefined;
    const shown = hiddenTwin(entry, at);
    if (known === undefined || !isObject(shown)) return [];
    const sent = RESOURCE_KINDS.providers.secrets.map((field) => {
      const isKept =
        entry[field] !== undefined && JSON.stringify(entry[field]) === JSON.stringify(shown[field]);
      return [field, isKept ? undefined : (entry[field] ?? null)] as const;
    });
    const input = { ...entry, ...Object.fromEntries(sent) } as JsonObject;
    return findUnsentCredentials(known.fields, input).map(({ path }) => `providers[${at}].${path}`);
  });
}
