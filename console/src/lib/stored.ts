/** What this browser remembers under a name; null where there is nothing, or where the browser forbids storage. */
export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Lets this browser remember a choice. Does nothing where the browser forbids storage. */
export function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The page works without it.
  }
}
