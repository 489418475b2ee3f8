import type { Change, FieldChange } from '../../store/describe-changes.ts';
import { fieldAt, isObject, pathsLike, setField } from '../../store/json-path.ts';
import { KINDS, type Kind, RESOURCE_KINDS } from '../../store/resource-kinds.ts';
import type { Json, JsonObject, Resources } from '../../store/revision.ts';

/** Shown in place of a secret. */
const SECRET = '(secret)';

/** The differences between two configurations, field by field. For a secret, only the fact that it differs. */
export function differences(before: Resources, after: Resources): Change[] {
  return KINDS.flatMap((kind) => {
    const ids = new Set([...before[kind].keys(), ...after[kind].keys()]);
    return [...ids].flatMap((id) => differenceOf(kind, id, before, after));
  });
}

function differenceOf(kind: Kind, id: string, before: Resources, after: Resources): Change[] {
  const [old, now] = [before[kind].get(id), after[kind].get(id)];
  if (old === now) return [];
  const [was, is] = [flat(kind, old?.fields ?? {}), flat(kind, now?.fields ?? {})];
  const fields = [...new Set([...was.keys(), ...is.keys()])].flatMap((path): FieldChange[] => {
    const [from, to] = [was.get(path), is.get(path)];
    if (JSON.stringify(from?.value) === JSON.stringify(to?.value)) return [];
    return [{ path, before: from?.shown, after: to?.shown }];
  });
  if (fields.length === 0 && old !== undefined && now !== undefined) return [];
  const action = old === undefined ? 'created' : now === undefined ? 'deleted' : 'updated';
  return [{ kind, id, action, fields }];
}

interface Field {
  readonly value: Json | undefined;
  readonly shown: Json | undefined;
}

/** The fields by path, with the text to show. The sections of a file are listed by their settings. */
function flat(kind: Kind, fields: JsonObject): ReadonlyMap<string, Field> {
  const hidden = RESOURCE_KINDS[kind].secrets
    .flatMap((pattern) => pathsLike(fields, pattern))
    .reduce(
      (rest, path) => (fieldAt(rest, path) === undefined ? rest : setField(rest, path, SECRET)),
      fields,
    );
  const entries = Object.entries(fields).flatMap(([name, value]): [string, Field][] => {
    const shown = hidden[name];
    if (kind !== 'settings' || !isObject(value) || !isObject(shown)) return [[name, { value, shown }]];
    return Object.entries(value).map(([inner, one]) => [
      `${name}.${inner}`,
      { value: one, shown: shown[inner] },
    ]);
  });
  // The preview beside a hash distinguishes the keys.
  return new Map(entries.filter(([name]) => name !== 'hash' && name !== 'previous'));
}

/** The changes of several revisions, oldest first, as one. A change that was undone again is left out. */
export function joined(all: readonly (readonly Change[])[]): Change[] {
  const resources = new Map<string, Change>();
  for (const change of all.flat()) {
    const name = `${change.kind}/${change.id}`;
    const earlier = resources.get(name);
    const next = earlier === undefined ? change : after(earlier, change);
    if (next === undefined) resources.delete(name);
    else resources.set(name, next);
  }
  return [...resources.values()].filter(({ action, fields }) => action !== 'updated' || fields.length > 0);
}

function after(earlier: Change, later: Change): Change | undefined {
  const wasThere = earlier.action !== 'created';
  const isThere = later.action !== 'deleted';
  if (!wasThere && !isThere) return undefined;
  const fields = new Map(earlier.fields.map((field) => [field.path, field]));
  for (const { path, before, after } of later.fields) {
    const known = fields.get(path);
    fields.set(path, { path, before: known === undefined ? before : known.before, after });
  }
  const changed = [...fields.values()].filter(
    // For a secret, it is unknown whether it is the former one again.
    (field) => field.before === SECRET || JSON.stringify(field.before) !== JSON.stringify(field.after),
  );
  const action = !wasThere ? 'created' : isThere ? 'updated' : 'deleted';
  return { kind: later.kind, id: later.id, action, fields: changed };
}

/** The reverse of these changes. */
export function undone(changes: readonly Change[]): Change[] {
  const opposite = { created: 'deleted', deleted: 'created', updated: 'updated' } as const;
  return changes.map(({ kind, id, action, fields }) => ({
    kind,
    id,
    action: opposite[action],
    fields: fields.map(({ path, before, after }) => ({ path, before: after, after: before })),
  }));
}
