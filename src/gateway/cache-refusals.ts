/** Refusals of the response cache. Part of `REFUSALS`. */
export const CACHE_REFUSALS = {
  not_cached: {
    status: 504,
    type: 'invalid_request_error',
    fault: 'client',
    isFinal: true,
    message:
      'The cache has no answer of "{model}" to this request, which wants no other (Cache-Control: only-if-cached).',
  },
} as const;
