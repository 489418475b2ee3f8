/** What a corner of the page says for a while. */
export interface Message {
  readonly title: string;
  readonly description: string | undefined;
  readonly isBad: boolean;
}
