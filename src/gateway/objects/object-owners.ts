import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import { LocalTable, type NumberTable } from '../../lib/number-table.ts';
import { sha256Hex } from '../../lib/sha256.ts';

/** Who made an object at a provider, such as a file, a batch or a stored response. */
export interface ObjectOwner {
  /** The name of the master key, which stays when its secret is rotated; '' where the gateway is open. */
  readonly keyName: string;
  readonly provider: string;
}

/** What is known of an object. Names are kept as numbers, so `isKey` and `isProvider` compare. */
export interface KnownOwner {
  readonly isKey: (key: MasterKey | undefined) => boolean;
  readonly isProvider: (name: string) => boolean;
}

/** Remembers who made the objects of the providers. */
export interface ObjectOwners {
  /** The first owner of an id counts. */
  readonly note: (id: string, owner: ObjectOwner) => void;
  /** undefined: it is not known, or was forgotten. */
  readonly find: (id: string) => KnownOwner | undefined | Promise<KnownOwner | undefined>;
}

/** What is kept of an owner: 48 bits of a hash of each name, and 1, so that no record is like none. */
export const OWNER_FIELDS = ['known', 'key', 'provider'] as const;
export type OwnerTable = NumberTable<(typeof OWNER_FIELDS)[number]>;

/** Objects that one process remembers. */
const MOST_OBJECTS = 2 ** 16;

/** The owners, by id, in a table of one process or of all that serve together. */
export class ObjectOwnerLedger implements ObjectOwners {
  readonly #owners: OwnerTable;

  constructor(owners: OwnerTable = new LocalTable(OWNER_FIELDS, MOST_OBJECTS)) {
    this.#owners = owners;
  }

  note(id: string, { keyName, provider }: ObjectOwner): void {
    const [key, at] = [numberOf(keyName), numberOf(provider)];
    this.#owners.update(id, (record) => {
      if (record.known === 1) return;
      record.known = 1;
      record.key = key;
      record.provider = at;
    });
  }

  find(id: string): KnownOwner | undefined {
    return this.#owners.read(id, ({ key, provider }) => knownOwner(key, provider));
  }
}

function knownOwner(key: number, provider: number): KnownOwner {
  return {
    isKey: (one) => numberOf(one?.name ?? '') === key,
    isProvider: (name) => numberOf(name) === provider,
  };
}

/** 48 bits of a name's hash: as much as a double holds exactly. */
function numberOf(name: string): number {
  return Number.parseInt(sha256Hex(name).slice(0, 12), 16);
}

/** The provider of an object, if it is still configured. */
export function providerOfObject(owner: KnownOwner, { providers }: Snapshot): string | undefined {
  for (const name of providers.keys()) if (owner.isProvider(name)) return name;
  return undefined;
}
