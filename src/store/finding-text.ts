import { formatPath } from '../config/read/problems.ts';
import type { ResourceFinding } from './compile-plain-revision.ts';

/** The place of an error in the configuration, such as `models["gpt-4"].routes[0].provider`. */
export function findingPath({ resource, path }: ResourceFinding): string {
  return formatPath(resource === undefined ? path : [resource.kind, resource.id, ...path]);
}

/** The error without its place, in one sentence. */
export function findingMessage({ message, found, suggestion, allowed }: ResourceFinding): string {
  const what = found === undefined ? message : `${message}, found ${found}`;
  const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
  const choice =
    allowed === undefined || allowed.length === 0
      ? ''
      : ` (allowed: ${allowed.slice(0, MOST_ALLOWED).join(', ')})`;
  return `${what}${hint}${hint === '' ? choice : ''}`;
}

const MOST_ALLOWED = 24;

/** Place and error in one line. */
export function findingText(finding: ResourceFinding): string {
  return `${findingPath(finding)}: ${findingMessage(finding)}`;
}

/** The message of an error, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
