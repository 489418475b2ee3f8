/** Values that a parser may stumble over: of the wrong type, too large, or with a meaning to JavaScript. */
const ODD: readonly unknown[] = JSON.parse(`[
  null, true, false, "", 0, -1, 1.5, 1e21, 1e308, 9007199254740992, -5e-324,
  [], {}, [[]], [null], {"a": null}, {"type": "text"}, "{\\"a\\":", "null",
  "text", "tool", "priority", "__proto__", "constructor", "toString", "\\u0000", "\\ud800", "${'a'.repeat(300)}"
]`) as unknown[];

/** Names under which a copy of another member confuses most. */
const NAMES = 'type content id name text role usage service_tier user index error n'.split(' ');

/** A copy of a JSON value with one to three changes: something is missing, twice there, of another kind, or elsewhere. */
export function mutated(value: unknown, dice: () => number): unknown {
  const root = { value: structuredClone(value) };
  for (let left = 1 + Math.floor(dice() * 3); left > 0; left--) change(root, dice);
  return root.value;
}

/** A random one of the list. */
export function anyOf<T>(list: readonly T[], dice: () => number): T {
  return list[Math.floor(dice() * list.length)] as T;
}

type Container = Record<string, unknown> | unknown[];

interface Place {
  readonly container: Container;
  readonly key: string;
}

function change(root: { value: unknown }, dice: () => number): void {
  const places = placesIn(root);
  const { container, key } = anyOf(places, dice);
  const holder = container as Record<string, unknown>;
  switch (Math.floor(dice() * 6)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else if (container !== root) delete container[key];
      return;
    case 1:
      if (Array.isArray(container)) container.splice(Number(key), 0, structuredClone(holder[key]));
      else if (container !== root) container[anyOf(NAMES, dice)] = structuredClone(container[key]);
      return;
    case 2: {
      const other = anyOf(places, dice);
      holder[key] = structuredClone((other.container as Record<string, unknown>)[other.key]);
      return;
    }
    default:
      holder[key] = structuredClone(anyOf(ODD, dice));
  }
}

function placesIn(container: Container): Place[] {
  return Object.entries(container).flatMap(([key, value]) => [
    { container, key },
    ...(typeof value === 'object' && value !== null ? placesIn(value as Container) : []),
  ]);
}
