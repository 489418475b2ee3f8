/** Refusals of questions about a key's own use, at `/v1/key` and below. Part of `REFUSALS`. */
export const OWN_USE_REFUSALS = {
  invalid_query: {
    status: 400,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'The query is not valid: {problem}.',
  },
  request_not_found: {
    status: 404,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'This key has made no request "{id}", or its record is no longer kept.',
  },
  rotation_not_allowed: {
    status: 403,
    type: 'permission_error',
    fault: 'client',
    message: 'The key "{key}" may not replace its own secret. Ask whoever gave it to you.',
  },
  use_unavailable: {
    status: 503,
    type: 'server_error',
    fault: 'operator',
    message: 'The use of this key is unavailable: {problem}.',
  },
} as const;
