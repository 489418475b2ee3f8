/** A component whose script is loaded on demand. */
export interface Loadable<Component> {
  /** The component, which stays the same: another one would lose what was typed into the page. */
  readonly page: () => Component;
  /** Loads the script ahead of time. */
  readonly load: () => Promise<void>;
}

/**
 * Returns a page whose script is loaded on demand. React's `lazy` leaves its placeholder in view for 300 ms, however soon the
 * script is there, so a page that was loaded before it is first drawn does without.
 */
export function loadable<Component>(
  load: () => Promise<{ default: Component }>,
  lazy: (load: () => Promise<{ default: Component }>) => Component,
): Loadable<Component> {
  let ready: Component | undefined;
  let page: Component | undefined;
  return {
    page: () => (page ??= ready ?? lazy(load)),
    load: async () => {
      ready = (await load()).default;
    },
  };
}
