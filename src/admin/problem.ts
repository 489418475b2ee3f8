import { NotAdopted } from '../store/adoption.ts';
import { RevisionRefused, VersionConflict, VersionUnknown } from '../store/change.ts';
import { StoreUnavailable } from '../store/database.ts';
import { findingMessage, findingPath } from '../store/finding-text.ts';
import { SealBroken } from '../store/keyring.ts';
import type { ResourceFinding } from '../store/compile-plain-revision.ts';
import { RESOURCE_KINDS } from '../store/resource-kinds.ts';
import type { ResourceName } from '../store/revision.ts';
import { IdRetired } from '../store/tombstones.ts';
import { formatPath } from '../config/read/problems.ts';

/** The reasons for refusing a request: HTTP status and OpenAI's error type. */
export const PROBLEMS = {
  invalid_json: { status: 400, type: 'invalid_request_error' },
  invalid_parameter: { status: 400, type: 'invalid_request_error' },
  invalid_admin_key: { status: 401, type: 'authentication_error' },
  no_session: { status: 401, type: 'authentication_error' },
  not_allowed: { status: 403, type: 'permission_error' },
  foreign_page: { status: 403, type: 'permission_error' },
  csrf: { status: 403, type: 'permission_error' },
  not_found: { status: 404, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  already_exists: { status: 409, type: 'invalid_request_error' },
  configuration_is_a_file: { status: 409, type: 'invalid_request_error' },
  no_store: { status: 409, type: 'invalid_request_error' },
  in_use: { status: 409, type: 'invalid_request_error' },
  database_changed: { status: 409, type: 'invalid_request_error' },
  version_changed: { status: 412, type: 'invalid_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  idempotency_key_reused: { status: 422, type: 'invalid_request_error' },
  invalid_fields: { status: 422, type: 'invalid_request_error' },
  too_many_failures: { status: 429, type: 'rate_limit_error' },
  starting: { status: 503, type: 'server_error' },
  internal_error: { status: 500, type: 'server_error' },
  secrets_sealed: { status: 503, type: 'server_error' },
  store_unavailable: { status: 503, type: 'server_error' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** One error in a request's body. */
export interface Detail {
  /**
   * Such as `routes[0].provider`. It begins with the kind, as in `models["gpt-4"]`, if the error is in another
   * resource.
   */
  readonly path: string;
  readonly message: string;
}

/** The reason why the Admin API refuses a request. Any other error is a bug. */
export class AdminProblem extends Error {
  readonly code: ProblemCode;
  readonly details: readonly Detail[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    message: string,
    extra: { details?: readonly Detail[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'AdminProblem';
    this.code = code;
    this.details = extra.details ?? [];
    this.headers = extra.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** OpenAI's error object with every detail. */
  response(): Response {
    const { code, message, details } = this;
    const error = { message, type: PROBLEMS[code].type, param: details[0]?.path ?? null, code, details };
    return Response.json({ error }, { status: this.status, headers: this.headers });
  }
}

/** Translates an error of the store at a write of `target`. Unknown errors are passed on. */
export function asProblem(error: unknown, target: ResourceName | undefined, isDelete: boolean): unknown {
  if (error instanceof StoreUnavailable) {
    const message = 'The database is currently unavailable. Try again shortly.';
    return new AdminProblem('store_unavailable', message, { headers: { 'retry-after': '2' } });
  }
  if (error instanceof SealBroken) return new AdminProblem('secrets_sealed', `${error.message}.`);
  if (error instanceof NotAdopted) {
    const message = `The database is not the one whose configuration is in force: ${error.message}. POST /admin/v1/config/reload takes over what it has now.`;
    return new AdminProblem('database_changed', message);
  }
  if (error instanceof VersionConflict) {
    const message = `The configuration has version ${error.version} by now. Read it again, and repeat the change.`;
    return new AdminProblem('version_changed', message, { headers: { etag: `"${error.version}"` } });
  }
  if (error instanceof IdRetired) {
    const until = new Date(error.untilMs).toISOString().slice(0, 10);
    const message = `The id "${error.resource.id}" belonged to a ${RESOURCE_KINDS[error.resource.kind].title} that was deleted. Its usage is still reported, so the id is free only from ${until} on.`;
    return new AdminProblem('already_exists', message, {
      details: [{ path: 'id', message: 'belonged to another one' }],
    });
  }
  if (error instanceof VersionUnknown) return new AdminProblem('not_found', `${error.message}.`);
  if (error instanceof RevisionRefused) {
    const details = error.findings.map((finding) => detailOf(finding, target, isDelete));
    const because = isDelete ? 'Without it the configuration would not be valid' : 'The change was refused';
    return new AdminProblem(isDelete ? 'in_use' : 'invalid_fields', listed(because, details), { details });
  }
  return error;
}

/** Appends the details to a sentence. */
export function listed(about: string, details: readonly Detail[]): string {
  const all = details.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
  return `${about}: ${all}${/[.?!]$/.test(all) ? '' : '.'}`;
}

function detailOf(finding: ResourceFinding, target: ResourceName | undefined, isDelete: boolean): Detail {
  const isOwn =
    !isDelete &&
    finding.resource?.kind === target?.kind &&
    finding.resource?.id === target?.id &&
    target !== undefined;
  return {
    path: isOwn ? formatPath(finding.path) : findingPath(finding),
    message: findingMessage(finding),
  };
}
