import { credential, onCredentials } from './credentials.ts';
import { el, fill } from './element.ts';
import { urlOf } from './reference.ts';

/** The list that fields for a model's name suggest from, by its id. */
export const MODEL_LIST = 'models';

let known: Promise<readonly string[]> | undefined;

/** Loads the models whenever a key is entered or, without a key, when a field asks for a model. */
export function setUpModels(): void {
  document.body.append(el('datalist', { id: MODEL_LIST }));
  onCredentials(document.body, () => {
    known = undefined;
    if (credential('bearer') !== '') void models();
  });
  addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLInputElement && target.list?.id === MODEL_LIST) void models();
  });
  if (credential('bearer') !== '') void models();
}

/** The names of the models that the key may use; none without a valid key. */
export function models(): Promise<readonly string[]> {
  known ??= read();
  return known;
}

async function read(): Promise<readonly string[]> {
  const key = credential('bearer');
  const response = await fetch(urlOf('/v1/models'), {
    headers: key === '' ? {} : { authorization: `Bearer ${key}` },
    credentials: 'omit',
  });
  if (!response.ok) return [];
  const { data } = (await response.json()) as { readonly data: readonly { readonly id: string }[] };
  const names = data.map(({ id }) => id);
  const list = document.getElementById(MODEL_LIST);
  if (list !== null) fill(list, ...names.map((value) => el('option', { value })));
  return names;
}
