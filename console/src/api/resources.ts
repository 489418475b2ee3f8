import type { RouteState } from './types.ts';

export type Role = 'admin' | 'operator' | 'viewer' | 'key';

export interface Session {
  readonly id: string;
  readonly role: Role;
  readonly name: string;
  readonly kind: 'admin_key' | 'account' | 'master_key' | 'demo';
  readonly expires_at: string | null;
}

export interface GatewayFacts {
  readonly version: string;
  readonly mode: 'demo' | 'database' | 'file';
  readonly configuration_file: string | null;
  readonly console_path: string;
  /** The base address for clients, such as `http://localhost:8080/v1`. */
  readonly address: string;
}

export interface SignedIn {
  readonly session: Session;
  readonly gateway: GatewayFacts;
  /** Shows that a write is the page's own; null where nobody has to sign in. */
  readonly csrf_token: string | null;
}

export interface Dates {
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ModelRoute {
  readonly provider?: string | undefined;
  /** Another word for `provider`. */
  readonly backend?: string | undefined;
  readonly model?: string;
  readonly priority?: number;
  readonly weight?: number;
  readonly enabled?: boolean;
  readonly [field: string]: unknown;
}

export interface Model extends Dates {
  readonly id: string;
  readonly is_enabled: boolean;
  readonly routes: readonly ModelRoute[];
  readonly fallbacks: readonly string[];
  readonly strategy?: string;
  readonly [field: string]: unknown;
}

export interface Provider extends Dates {
  readonly id: string;
  readonly provider_type: string;
  readonly api_base?: string;
  readonly weight: number;
  readonly is_enabled: boolean;
  readonly api_key_preview: string | null;
  readonly credential_kind: string | null;
  readonly [field: string]: unknown;
}

export interface LimitUse {
  readonly counter?: string;
  readonly id?: string;
  readonly scope?: string;
  readonly kind?: string;
  readonly per?: unknown;
  readonly amount: number;
  /** null, here and below: not known at the moment. */
  readonly used: number | null;
  readonly held?: number | null;
  readonly remaining?: number | null;
  readonly resets_at?: string | null;
  /** The id of its owner, and the owner's name. Only in the list of all limits, as `window`. */
  readonly scope_id?: string;
  readonly name?: string;
  readonly window?: { readonly start: string | null; readonly end: string | null } | null;
}

export interface MasterKey extends Dates {
  readonly id: string;
  readonly name?: string;
  readonly is_enabled: boolean;
  readonly allowed_models: readonly string[];
  readonly rate_limit: { readonly requests_per_second?: number; readonly burst_size?: number } | null;
  readonly key_preview: string;
  readonly previous_key_preview: string | null;
  readonly previous_key_expires_at: string | null;
  readonly team?: string | null;
  readonly user?: string | null;
  readonly expires_at?: string | null;
  readonly limits?: readonly Record<string, unknown>[];
  readonly usage?: readonly LimitUse[];
  readonly last_used_at?: string | null;
  readonly status?: 'active' | 'disabled' | 'expired' | 'rotating';
  readonly [field: string]: unknown;
}

export interface Team extends Dates {
  readonly id: string;
  readonly parent?: string | null;
  readonly limits?: readonly Record<string, unknown>[];
  readonly usage?: readonly LimitUse[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface FieldChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface ResourceChange {
  readonly resource: string;
  readonly id: string;
  readonly action: 'created' | 'updated' | 'deleted';
  readonly diff: readonly FieldChange[];
}

export interface HistoryEntry {
  readonly version: number;
  readonly timestamp: string;
  readonly actor: string;
  readonly action: string;
}

export interface DemoState {
  readonly traffic: { readonly is_on: boolean; readonly requests_per_second: number };
  readonly providers: readonly { readonly name: string; readonly fault: string | null }[];
  readonly faults: readonly { readonly id: string; readonly title: string }[];
}

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly role: 'admin' | 'operator' | 'viewer';
  readonly is_enabled: boolean;
  readonly created_at: string;
  readonly last_used_at: string | null;
}

export interface SessionRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly kind: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly address: string | null;
  readonly is_current: boolean;
}

/** A change that is tried out and not saved. Its fields replace those of the resource; null: it is deleted. */
export interface SupposedChange {
  readonly kind: 'models' | 'providers';
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>> | null;
}

export interface Explanation {
  readonly model: string;
  readonly served_as: string | null;
  readonly strategy: string | null;
  readonly refusal: { readonly status: number; readonly code: string; readonly message: string } | null;
  readonly tiers: readonly ExplainedTier[];
  readonly left_out: readonly { readonly what: string; readonly why: string }[];
  readonly skipped?: readonly {
    readonly route: string;
    readonly provider: string;
    readonly model: string | null;
    readonly state: string;
    readonly why: string;
  }[];
  readonly max_attempts: number | null;
  readonly retries: number | null;
}

export interface ExplainedTier {
  readonly level: number;
  readonly model: string;
  readonly priority: number;
  readonly from_attempt: number;
  readonly is_reached: boolean;
  readonly routes: readonly {
    readonly id: string;
    readonly provider: string;
    readonly model: string | null;
    readonly probability: number;
    readonly state: RouteState;
    readonly why?: string;
  }[];
}
