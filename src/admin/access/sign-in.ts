import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Snapshot } from '../../config/snapshot.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import type { Accounts } from '../../store/console/account-table.ts';
import type { Session, Sessions } from '../../store/console/session-table.ts';
import type { Caller, Client } from './caller.ts';
import type { Role } from './role.ts';
import { SESSION_MS } from './session-cookie.ts';

export interface SignInOptions {
  readonly adminKey: string;
  readonly sessions: Sessions;
  /** undefined: there is no database for accounts. */
  readonly accounts: Accounts | undefined;
  /** The configuration in force, which has the master keys. */
  readonly snapshot: () => Pick<Snapshot, 'access'>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** The prefix of accounts' secrets. Only for these is the table of accounts queried. */
const ACCOUNT_SECRET = 'llmp-acc-';

/** A new secret of 256 random bits for an account. */
export function newAccountSecret(): string {
  return `${ACCOUNT_SECRET}${randomBytes(32).toString('base64url')}`;
}

/** Finds the owner of a credential or a session. Throws `StoreUnavailable` if the database is unavailable. */
export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** The owner of a credential that a program sends with each request; undefined: unknown. */
  async bearer(key: string): Promise<Caller | undefined> {
    const found = (await this.#operator(key)) ?? undefined;
    return found && { ...found.who, session: undefined, csrfToken: undefined };
  }

  /** Opens a session for the owner of a credential, which may be a master key; undefined: the credential is unknown. */
  async open(key: string, { address }: Client): Promise<{ token: string; caller: Caller } | undefined> {
    const found = (await this.#operator(key)) ?? this.#keyHolder(key);
    if (found === undefined) return undefined;
    const { sessions, nowMs } = this.#options;
    const token = randomBytes(32).toString('base64url');
    const hash = sha256Hex(token);
    const createdMs = nowMs();
    const { who, account, credential } = found;
    const session: Session = {
      ...who,
      hash,
      id: `s_${sha256Hex(hash).slice(0, 16)}`,
      account,
      credential: credential(hash),
      address,
      createdMs,
      expiresMs: createdMs + SESSION_MS,
    };
    await sessions.prune(createdMs);
    await sessions.insert(session);
    return { token, caller: callerOf(session, token) };
  }

  /** The owner of a session; undefined: it has ended. */
  async resume(token: string): Promise<Caller | undefined> {
    const hash = sha256Hex(token);
    const [session] = await this.#options.sessions.find([hash]);
    const valid = session && (await this.#valid(session));
    return valid && callerOf(valid, token);
  }

  /** The hashes of those sessions that are still open. */
  async stillOpen(hashes: readonly string[]): Promise<ReadonlyMap<string, Role>> {
    const found = await this.#options.sessions.find(hashes);
    const valid = await Promise.all(found.map((session) => this.#valid(session)));
    return new Map(valid.flatMap((session) => (session === undefined ? [] : [[session.hash, session.role]])));
  }

  /** The session with the current role; undefined: it has expired, or its credential has changed. */
  async #valid(session: Session): Promise<Session | undefined> {
    const { adminKey, accounts, nowMs } = this.#options;
    if (session.expiresMs <= nowMs()) return undefined;
    switch (session.kind) {
      case 'admin_key':
        return session.credential === fingerprint(adminKey, session.hash) ? session : undefined;
      case 'account': {
        const account = await accounts?.find(session.account ?? '');
        const isSame = account?.isEnabled === true && account.secretHash === session.credential;
        return isSame ? { ...session, role: account.role, name: account.name } : undefined;
      }
      case 'master_key':
        return this.#findKey(session.credential) === undefined ? undefined : session;
    }
  }

  async #operator(key: string): Promise<Opened | undefined> {
    const { adminKey, accounts, nowMs } = this.#options;
    if (isSame(key, adminKey)) {
      const who = { kind: 'admin_key', role: 'admin', name: 'admin' } as const;
      return { who, account: null, credential: (hash) => fingerprint(adminKey, hash) };
    }
    if (accounts === undefined || !key.startsWith(ACCOUNT_SECRET)) return undefined;
    const account = await accounts.findBySecret(sha256Hex(key));
    if (account?.isEnabled !== true) return undefined;
    const { id, name, role, secretHash } = account;
    // The time only shows whether an account is in use, so a minute is exact enough.
    if (nowMs() - (account.lastUsedMs ?? 0) > NOTED_EVERY_MS) await accounts.noteUse(id, nowMs());
    return { who: { kind: 'account', role, name }, account: id, credential: () => secretHash };
  }

  #keyHolder(key: string): Opened | undefined {
    const hash = sha256Hex(key);
    const found = this.#findKey(hash);
    return (
      found && {
        who: { kind: 'master_key', role: 'key', name: found.name },
        account: null,
        credential: () => hash,
      }
    );
  }

  /** The enabled key whose present secret has this hash: not one that a rotation has replaced. */
  #findKey(hash: string) {
    const { access } = this.#options.snapshot();
    const key = access.kind === 'keys' ? access.keys.get(hash) : undefined;
    const isExpired = (key?.expiresAtMs ?? Infinity) <= this.#options.nowMs();
    return key?.enabled === true && key.hash === hash && !isExpired ? key : undefined;
  }
}

const NOTED_EVERY_MS = 60_000;

interface Opened {
  readonly who: Pick<Session, 'kind' | 'role' | 'name'>;
  readonly account: string | null;
  /** The fingerprint of a session's credential, by which a change is detected. */
  readonly credential: (sessionHash: string) => string;
}

function callerOf(session: Session, token: string): Caller {
  const { kind, role, name } = session;
  return { kind, role, name, session, csrfToken: sha256Hex(`csrf ${token}`).slice(0, 32) };
}

/** Differs for each session, so that the database does not show whether two sessions used the same key. */
function fingerprint(adminKey: string, sessionHash: string): string {
  return createHmac('sha256', adminKey).update(sessionHash).digest('hex');
}

/** Takes constant time. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
