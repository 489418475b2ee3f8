import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import { LocalTable, type NumberTable } from '../../lib/number-table.ts';
import { sha256Hex } from '../../lib/sha256.ts';

/** The owner of an object stored by a provider, such as a file, a batch or a response. */
export interface ObjectOwner {
  /** The id of the master key, which survives a rotation and a new name; '' if the gateway is open. undefined: only its name is known. */
  readonly keyId: string | undefined;
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

/** The stored record: 48 bits of a hash of the key's id, or of its name, and of the provider's name, and which of the two it is. */
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

  note(id: string, { keyId, keyName, provider }: ObjectOwner): void {
    const known = keyId === undefined ? BY_NAME : BY_ID;
    const [key, at] = [numberOf(keyId ?? keyName), numberOf(provider)];
    this.#owners.update(id, (record) => {
      if (record.known !== 0) return;
      record.known = known;
      record.key = key;
      record.provider = at;
    });
  }

  find(id: string): KnownOwner | undefined {
    return this.#owners.read(id, (record) => knownOwner(record));
  }
}

/** How the owning key is named in a record. 0 is an empty record. */
const BY_ID = 1;
const BY_NAME = 2;

type OwnerRecord = Readonly<Record<(typeof OWNER_FIELDS)[number], number>>;

function knownOwner({ known, key, provider }: OwnerRecord): KnownOwner {
  return {
    isKey: (one) => numberOf((known === BY_NAME ? one?.name : one?.id) ?? '') === key,
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
