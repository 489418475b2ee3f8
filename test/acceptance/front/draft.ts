/** A request in parts that oddities change. */
export interface Draft {
  method: string;
  target: string;
  version: string;
  eol: string;
  readonly fields: string[];
  body: string;
  /** Replaces the field for the length that fits. */
  framing: string[] | undefined;
}
