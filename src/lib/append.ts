/** Appends the items to the list. A spread of half a million arguments overflows the stack. */
export function append<Item>(list: Item[], items: Iterable<Item>): void {
  for (const item of items) list.push(item);
}
