import { isForbiddenHost } from '../../lib/outgoing-address.ts';
import type { Finding } from '../read/problems.ts';
import type { AlertHook } from '../spend-settings.ts';
import { FORBIDDEN_HOST, namesNoHost } from './base-url.ts';

/** Finds faults in the addresses of webhooks. The addresses may hold secrets, so the messages do not quote them. */
export function findHookFaults(hooks: readonly AlertHook[]): Finding[] {
  return hooks.flatMap(({ url: text }, index) => {
    const message = faultOf(text);
    return message === undefined ? [] : [{ path: ['alerts', index, 'url'], message }];
  });
}

function faultOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || namesNoHost(text)) return 'is not a URL; write it like https://hooks.example.com/llm';
  if (url.username !== '' || url.password !== '')
    return 'must not hold a user name or password, which are not sent; use secret, or a part of the path';
  return isForbiddenHost(url.hostname) ? FORBIDDEN_HOST : undefined;
}
