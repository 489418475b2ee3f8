import type { Session } from '../../store/console/session-table.ts';
import type { Role } from './role.ts';

/** The client of a request to the Admin API. */
export interface Client {
  /** Its address; '' if that is unknown. */
  readonly address: string;
  /** Whether it uses TLS, to us or to a trusted proxy. */
  readonly isSecure: boolean;
}

/** The caller of a request. */
export interface Caller {
  readonly role: Role;
  readonly kind: Session['kind'] | 'demo';
  /** For the history: `admin`, the account's name, or the key's. */
  readonly name: string;
  /** The session; undefined: the request carries its credential, or needs none. */
  readonly session: Session | undefined;
  /**
   * The token that a page has to send with a write if its browser does not send the origin; undefined without a
   * session.
   */
  readonly csrfToken: string | undefined;
}
