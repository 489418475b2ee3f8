/** Reads the text that this browser has stored under a name; null if there is none, or if the browser forbids storage. */
export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Stores a text under a name in this browser. Does nothing if the browser forbids storage. */
export function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The page works without it.
  }
}
