import type { z } from 'zod';
import { formatPath, kindOf } from '../config/read/problems.ts';
import { nearest } from '../lib/nearest.ts';
import type { Detail } from './problem.ts';

/** The checked part of a request, and the word for one of its members. */
interface Checked {
  readonly value: unknown;
  readonly schema: z.ZodType;
  readonly noun: 'field' | 'parameter';
}

/** One detail for each thing that is wrong with a body or a query. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], checked: Checked): Detail[] {
  return issues.flatMap((issue) => explain(issue, checked));
}

function explain(issue: z.core.$ZodIssue, { value, schema, noun }: Checked): Detail[] {
  const path = formatPath(issue.path.map((step) => (typeof step === 'number' ? step : String(step))));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: unknownMember(noun, nearest(key, path === '' ? membersOf(schema) : [])),
    }));
  }
  if (issue.code === 'invalid_type') {
    const found = issue.path.reduce<unknown>((node, step) => Reflect.get(Object(node), step), value);
    return [
      {
        path,
        message:
          found === undefined ? 'is missing' : `must be of type ${issue.expected}, found ${foundWord(found)}`,
      },
    ];
  }
  return [{ path, message: wordsFor(issue) }];
}

/** The unit of a length, by the kind of the value. */
const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

function wordsFor(issue: z.core.$ZodIssue): string {
  const unit = UNITS[issue.code === 'too_big' || issue.code === 'too_small' ? issue.origin : ''] ?? '';
  if (issue.code === 'too_big')
    return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${unit}`;
  if (issue.code === 'too_small') {
    return unit !== '' && issue.minimum === 1
      ? 'must not be empty'
      : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unit}`;
  }
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'is not a valid name here';
  return issue.code === 'invalid_value' ? `must be one of ${issue.values.join(', ')}` : issue.message;
}

function unknownMember(noun: string, suggestion: string | undefined): string {
  return suggestion === undefined
    ? `is an unknown ${noun}`
    : `is an unknown ${noun}; did you mean "${suggestion}"?`;
}

/** JSON may have a number that is larger than any. */
function foundWord(found: unknown): string {
  return typeof found === 'number' && !Number.isFinite(found) ? 'a number that is too large' : kindOf(found);
}

function membersOf(schema: z.ZodType): string[] {
  const shape: unknown = Reflect.get(schema, 'shape');
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}
