interface ResourceKindRow {
  /** For people, in the singular. */
  readonly title: string;
  /** Its path below `/admin/v1/`. */
  readonly path: string;
  /** Its section in the document of the Admin API. */
  readonly section: { readonly name: string; readonly description: string };
  /** Paths of the fields that the database keeps sealed; `*` stands for each entry of a list. */
  readonly secrets: readonly string[];
  /**
   * How a configuration file holds the resources: as a list whose entries have a `name`, as a map by name, or each as
   * a section of its own.
   */
  readonly inFile: 'list' | 'map' | 'sections';
}

/** The kinds of resource that a configuration in a database consists of. Each kind is a table of that name. */
export const RESOURCE_KINDS = {
  providers: {
    title: 'provider',
    path: 'providers',
    section: {
      name: 'Providers',
      description: 'The upstream accounts. Credentials can be written but never read.',
    },
    // Any header may carry a credential, and so may any part of a proxy's URL.
    secrets: ['api_key', 'headers', 'proxy', 'aws', 'service_account', 'access_token'],
    inFile: 'list',
  },
  master_keys: {
    title: 'master key',
    path: 'master-keys',
    section: { name: 'Master keys', description: 'The keys of clients. A secret is shown once.' },
    secrets: [],
    inFile: 'list',
  },
  teams: {
    title: 'team',
    path: 'teams',
    section: { name: 'Teams', description: 'Groups of keys, which share limits. Teams may contain teams.' },
    secrets: [],
    inFile: 'list',
  },
  users: {
    title: 'user',
    path: 'users',
    section: {
      name: 'Users',
      description: 'People and programs whose use is counted over all their keys. They cannot sign in.',
    },
    secrets: [],
    inFile: 'list',
  },
  models: {
    title: 'model',
    path: 'models',
    section: {
      name: 'Models',
      description: 'Public model names, the routes that serve them, and their fallbacks.',
    },
    secrets: [],
    inFile: 'map',
  },
  settings: {
    title: 'setting',
    path: 'settings',
    section: { name: 'Settings', description: 'Every other section of the configuration, by its name.' },
    // The tokens of metrics, the secrets of the hooks in `alerts`, and the address of Redis in `shared_state`.
    secrets: ['value.token', 'value.*.secret', 'value.url'],
    inFile: 'sections',
  },
} as const satisfies Record<string, ResourceKindRow>;

export type Kind = keyof typeof RESOURCE_KINDS;

/** The names of all kinds, in the order in which a write stores them. */
export const KINDS = Object.keys(RESOURCE_KINDS) as readonly Kind[];

/** One value for each kind. */
export function mapKinds<T>(valueOf: (kind: Kind) => T): Record<Kind, T> {
  return Object.fromEntries(KINDS.map((kind) => [kind, valueOf(kind)])) as Record<Kind, T>;
}

/** Whether a configuration file holds resources of a kind in the section of this name. */
export function isKindSection(section: string): boolean {
  return KINDS.some((kind) => kind === section && RESOURCE_KINDS[kind].inFile !== 'sections');
}
