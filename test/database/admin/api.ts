import { createAdmin } from '../../../src/admin/admin.ts';
import type { AdminOptions, AuditEntry } from '../../../src/admin/admin-options.ts';
import type { StoreOptions } from '../../../src/store/store-options.ts';
import type { Store } from '../../../src/store/store.ts';
import { KEYRING, openTestStore } from '../store/databases.ts';

export const ADMIN_KEY = '0f8fad5b-d9cb-469f-a165-70867728950e';

/** The Admin API over a database in memory. */
export interface TestApi {
  readonly store: Store;
  readonly audit: readonly AuditEntry[];
  readonly clock: { nowMs: number };
  /** Calls the API with the right key. `body` is sent as JSON; a string is sent unchanged. */
  readonly call: (method: string, path: string, body?: unknown, options?: CallOptions) => Promise<Answer>;
}

export interface CallOptions {
  /** undefined: the field is not sent. */
  readonly headers?: Record<string, string | undefined>;
  readonly address?: string;
  readonly isSecure?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look where they like
  readonly body: any;
  readonly text: string;
}

export async function startApi(
  url = 'sqlite::memory:',
  { keyring = KEYRING, ...options }: Partial<AdminOptions & Pick<StoreOptions, 'keyring'>> = {},
): Promise<TestApi> {
  const audit: AuditEntry[] = [];
  const clock = { nowMs: Date.parse('2026-03-01T12:00:00Z') };
  const { store } = await openTestStore(url, { now: () => new Date(clock.nowMs), keyring });
  const admin = createAdmin({
    store,
    ...store.console,
    adminKey: ADMIN_KEY,
    version: 'test',
    nowMs: () => clock.nowMs,
    audit: (entry) => audit.push(entry),
    onBug: (error) => console.error(error),
    ...options,
  });
  return {
    store,
    audit,
    clock,
    async call(method, path, body, { headers, address = '192.0.2.1', isSecure = false } = {}) {
      const request = new Request(
        `http://gateway.test${path.startsWith('/admin') ? '' : '/admin/v1'}${path}`,
        {
          method,
          headers: sent({ authorization: `Bearer ${ADMIN_KEY}`, ...headers }),
          ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        },
      );
      const response = await admin(request, { address, isSecure });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: text.startsWith('{') ? JSON.parse(text) : undefined,
      };
    },
  };
}

function sent(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
