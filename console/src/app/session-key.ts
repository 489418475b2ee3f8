/** The key of the session in the cache of answers. */
export const SESSION = ['session'] as const;
