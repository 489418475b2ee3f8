/** A media type with its parameters, as `Content-Type` and `Content-Disposition` write one. */
export interface MediaType {
  /** In lower case, without its parameters. */
  readonly type: string;
  readonly parameters: Parameters;
}

/** Parameters by their names in lower case. */
export type Parameters = ReadonlyMap<string, Parameter>;

export interface Parameter {
  /** The value without its quotes and the backslashes of its escapes. */
  readonly value: string;
  /** Whether the value is written with backslashes, which some parsers leave in it. */
  readonly isEscaped: boolean;
}

/** More parameters than this are an attack on our time. */
const MAX_PARAMETERS = 16;

const MEDIA_TYPE: RegExp = /^[\t ]*([!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+)[\t ]*(?=;|$)/i;

/**
 * Reads a media type (RFC 9110 §8.3.1). Returns undefined for anything that two parsers could read differently: bytes that
 * are left over, a parameter that stands twice, one that is split or encoded (RFC 2231). Takes time in proportion to the text.
 */
export function readMediaType(text: string): MediaType | undefined {
  const head = MEDIA_TYPE.exec(text);
  const parameters = head === null ? undefined : readParameters(text, head[0].length);
  return parameters && { type: (head?.[1] ?? '').toLowerCase(), parameters };
}

/**
 * Reads `; name=value` (RFC 9110 §5.6.6) from an offset to the end of the text. An unquoted value may hold anything but white
 * space, quotes, commas and semicolons, since not every client quotes what should be. Returns undefined as `readMediaType` does.
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

/** A semicolon with the parameter that may follow it. No two neighbours can match the same character: it never goes back. */
const PARAMETER: RegExp =
  /[\t ]*;[\t ]*(?:([!#$%&'*+.^_`|~0-9a-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;",\\]+))[\t ]*(?=;|$))?/gisy;
