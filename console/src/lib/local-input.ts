/** A moment as `datetime-local` fields have it, in the viewer's zone. */
export function toLocalInput(time: string | null | undefined): string {
  if (!time) return '';
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The moment of a `datetime-local` field; ISO 8601, UTC. */
export function fromLocalInput(text: string): string {
  return text === '' ? '' : new Date(text).toISOString();
}
