/** A message that a corner of the page shows for a while. */
export interface Message {
  readonly title: string;
  readonly description: string | undefined;
  readonly isBad: boolean;
}
