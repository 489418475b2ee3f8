export type PartHeaders =
  | {
      readonly kind: 'headers';
      /** The field's name, without quotes and backslashes. */
      readonly name: string;
      /** Whether the part has a file name. */
      readonly file: boolean;
      /** Whether a transfer encoding changes what the bytes mean. */
      readonly encoded: boolean;
    }
  | { readonly kind: 'malformed'; readonly problem: string };

/** Reads the header lines of one part of a form (RFC 7578 §4.2); what is ambiguous is malformed. */
export function multipartHeaders(text: string): PartHeaders {
  let disposition: string | undefined;
  let encoded = false;
  for (const line of text.split('\r\n')) {
    const match = /^([!#$%&'*+.^_`|~0-9a-z-]+):(.*)$/is.exec(line);
    // A lone CR or LF ends a line for some parsers.
    if (match === null || /[\r\n\0]/.test(line)) return malformed('it has a broken header line');
    const value = (match[2] ?? '').trim();
    switch ((match[1] ?? '').toLowerCase()) {
      case 'content-disposition':
        if (disposition !== undefined) return malformed('it has two Content-Disposition headers');
        disposition = value;
        break;
      case 'content-transfer-encoding':
        encoded ||= !/^(7bit|8bit|binary)$/i.test(value);
        break;
      default:
    }
  }
  if (disposition === undefined) return malformed('it has no Content-Disposition header');
  return readDisposition(disposition, encoded);
}

function readDisposition(value: string, encoded: boolean): PartHeaders {
  const kind = /^form-data(?=[ \t]*(?:;|$))/i.exec(value);
  if (kind === null) return malformed('its Content-Disposition is not form-data');
  const parameter = /[ \t]*;[ \t]*(?:([^\s=;"]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?/gy;
  let at = kind[0].length;
  let name: string | undefined;
  let file = false;
  while (at < value.length) {
    parameter.lastIndex = at;
    const match = parameter.exec(value);
    if (match === null) return malformed('its Content-Disposition cannot be read');
    at = parameter.lastIndex;
    const key = (match[1] ?? '').toLowerCase();
    if (key === 'filename' || key === 'filename*') file = true;
    if (key === 'name*') return malformed('it encodes its name');
    if (key !== 'name') continue;
    if (name !== undefined) return malformed('it has two names');
    name = match[2]?.replaceAll(/\\(.)/gs, '$1') ?? match[3] ?? '';
  }
  return name === undefined ? malformed('it has no name') : { kind: 'headers', name, file, encoded };
}

function malformed(problem: string): PartHeaders {
  return { kind: 'malformed', problem };
}
