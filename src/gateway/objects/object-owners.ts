import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import { LocalTable, type NumberTable } from '../../lib/number-table.ts';
import { sha256Hex } from '../../lib/sha256.ts';

/** The owner of an object stored by a provider, such as a file, a batch or a response. */
export interface ObjectOwner {
  /** The master key's name, which survives a rotation of its secret; '' if the gateway is open. */
  readonly keyName: string;
  readonly provider: string;
}

/** The known facts about an object's owner. Names are stored as hashes, so `isKey` and `isProvider` compare. */
export interface KnownOwner {
  readonly isKey: (key: MasterKey | undefined) => boolean;
  readonly isProvider: (name: string) => boolean;
}

/** Remembers the owners of the providers' objects. */
export interface ObjectOwners {
  /** Records an owner. The first owner of an id is kept. */
  readonly note: (id: string, owner: ObjectOwner) => void;
  /** Returns the owner; undefined if it is unknown or was forgotten. */
  readonly find: (id: string) => KnownOwner | undefined | Promise<KnownOwner | undefined>;
}

/** The stored record: 48 bits of a hash of each name, and a 1 that distinguishes a record from an empty slot. */
export const OWNER_FIELDS = ['known', 'key', 'provider'] as const;
export type OwnerTable = NumberTable<(typeof OWNER_FIELDS)[number]>;

/** Maximum number of objects to remember per process. */
const MOST_OBJECTS = 2 ** 16;

/** Owners by id, in a table of one process or shared between workers. */
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

/** Returns 48 bits of a name's hash, which fit exactly into a double. */
function numberOf(name: string): number {
  return Number.parseInt(sha256Hex(name).slice(0, 12), 16);
}

/** Returns the provider of an object, if it is still configured. */
export function providerOfObject(owner: KnownOwner, { providers }: Snapshot): string | undefined {
  for (const name of providers.keys()) if (owner.isProvider(name)) return name;
  return undefined;
}
