import type { Revision } from './revision.ts';

/** What tells one state of a database from another. */
type Found = Pick<Revision, 'version' | 'changedAt' | 'identity'>;

/** The database is another one than that whose configuration is in force, or went back. It is not written to. */
export class NotAdopted extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotAdopted';
  }
}

/**
 * Why what a database has is no successor of the configuration in force: the database was emptied, replaced or restored
 * from a backup. undefined: it is one. Where nothing is in force that could be lost, anything is.
 */
export function whyNoSuccessor(found: Found, inForce: Revision): string | undefined {
  if (isEmpty(inForce)) return undefined;
  if (inForce.identity !== undefined && found.identity !== inForce.identity)
    return `it is another database, with version ${found.version} of a configuration, where version ${inForce.version} is in force`;
  if (found.version < inForce.version)
    return `it went back to version ${found.version}, where version ${inForce.version} is in force`;
  if (found.version === inForce.version && found.changedAt !== inForce.changedAt)
    return `its version ${found.version} is not the one that is in force`;
  return undefined;
}

/** Throws `NotAdopted` where a write would go into another database than that of the configuration in force. */
export function requireSuccessor(found: Found, inForce: Revision | undefined): void {
  const reason = inForce && whyNoSuccessor(found, inForce);
  if (reason !== undefined) throw new NotAdopted(reason);
}

/** Whether there is nothing to lose. */
function isEmpty({ resources }: Revision): boolean {
  return Object.values(resources).every((all) => all.size === 0);
}
