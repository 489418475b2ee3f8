/** A media type with its parameters, as in `Content-Type` and `Content-Disposition`. */
export interface MediaType {
  /** In lower case, without its parameters. */
  readonly type: string;
  readonly parameters: Parameters;
}

/** Parameters by lower-case name. */
export type Parameters = ReadonlyMap<string, Parameter>;

export interface Parameter {
  /** The value without quotes and backslash escapes. */
  readonly value: string;
  /** Whether the value contains backslash escapes, which some parsers do not remove. */
  readonly isEscaped: boolean;
}

/** More parameters than this are an attack on our time. */
const MAX_PARAMETERS = 16;

const MEDIA_TYPE: RegExp = /^[\t ]*([!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+)[\t ]*(?=;|$)/i;

/**
 * Parses a media type (RFC 9110 §8.3.1). Returns undefined for anything that two parsers could read differently:
 * trailing bytes, a repeated parameter, or one that is split or encoded (RFC 2231). Takes linear time.
 */
export function readMediaType(text: string): MediaType | undefined {
  const head = MEDIA_TYPE.exec(text);
  const parameters = head === null ? undefined : readParameters(text, head[0].length);
  return parameters && { type: (head?.[1] ?? '').toLowerCase(), parameters };
}

/**
 * Parses `; name=value` pairs (RFC 9110 §5.6.6) from an offset to the end of the text. An unquoted value may contain
 * anything but white space, quotes, commas and semicolons, since not every client quotes as it should. Returns
 * undefined as `readMediaType` does.
 */
export function readParameters(text: string, start: number): Parameters | undefined {
  const parameters = new Map<string, Parameter>();
  let at = start;
  for (let count = 0; at < text.length; count++) {
    if (count > MAX_PARAMETERS) return undefined;
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (match === null) return undefined;
    at = PARAMETER.lastIndex;
    const [, name, quoted, plain] = match;
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (parameters.has(key)) return undefined;
    const value = quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain ?? '';
    parameters.set(key, { value, isEscaped: quoted !== undefined && quoted.length !== value.length });
  }
  return parameters;
}

/**
 * A semicolon and an optional parameter. Adjacent parts cannot match the same character, so the expression never
 * backtracks.
 */
const PARAMETER: RegExp =
  /[\t ]*;[\t ]*(?:([!#$%&'*+.^_`|~0-9a-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;",\\]+))[\t ]*(?=;|$))?/gisy;
