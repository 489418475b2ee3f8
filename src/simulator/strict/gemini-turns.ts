import { isObject, type Json, type JsonObject, listOf, objectOf, stringOf } from '../json.ts';
import { isSignature } from '../signature.ts';
import { Misfit, type Path } from './shape.ts';

/**
 * Checks that a turn of calls follows a user turn, and that the same number of results with the same names follows it.
 * Throws `Misfit`.
 */
export function checkContents(turns: readonly JsonObject[], model: string): void {
  if (turns.at(-1)?.['role'] === 'model' && turns.length === 1)
    throw new Misfit('rule', ['contents'], 'please ensure that a single turn request ends with a user role');
  let calls: readonly string[] = [];
  for (const [index, turn] of turns.entries()) {
    const parts = listOf(turn['parts']).map(objectOf);
    const path: Path = ['contents', index];
    const responses = parts.flatMap(({ functionResponse }) => namesOf(functionResponse));
    if (calls.length > 0 || responses.length > 0) {
      if (calls.toSorted().join('\n') !== responses.toSorted().join('\n'))
        throw new Misfit(
          'rule',
          path,
          'please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
        );
    }
    calls = parts.flatMap(({ functionCall }) => namesOf(functionCall));
    if (calls.length > 0 && turn['role'] !== 'model')
      throw new Misfit('rule', path, 'function calls belong to the role model');
    const before = turns[index - 1]?.['role'];
    if (calls.length > 0 && before !== 'user' && before !== 'function')
      throw new Misfit(
        'rule',
        path,
        'please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      );
    if (/gemini-[3-9]/.test(model)) checkSignatures(parts, path);
  }
  if (calls.length > 0) throw new Misfit('rule', ['contents'], 'function calls without function responses');
}

function namesOf(part: Json | undefined): readonly string[] {
  return isObject(part) ? [stringOf(part['name']) ?? ''] : [];
}

/** The values with which Google accepts calls that no Gemini model has signed. */
const SENTINELS = new Set(['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go']);

/** From Gemini 3 on, the first call of a turn must carry its signature. */
function checkSignatures(parts: readonly JsonObject[], path: Path): void {
  const at = parts.findIndex(({ functionCall }) => functionCall !== undefined);
  const signature = stringOf(parts[at]?.['thoughtSignature']);
  if (at !== -1 && signature === undefined)
    throw new Misfit(
      'rule',
      [...path, 'parts', at],
      'Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly.',
    );
  for (const [index, part] of parts.entries()) {
    const one = stringOf(part['thoughtSignature']);
    if (one !== undefined && !SENTINELS.has(one) && !isSignature('gemini', standardBase64(one)))
      throw new Misfit('rule', [...path, 'parts', index], 'Thought signature is not valid.');
  }
}

function standardBase64(signature: string): string {
  return signature.replaceAll('-', '+').replaceAll('_', '/');
}
