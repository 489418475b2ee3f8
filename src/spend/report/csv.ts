/** A field of a CSV file. `number`: digits that are written as they are. null: an empty field. */
export type CsvField = string | null | { readonly number: string };

/** A line of a CSV file (RFC 4180), with its line end. */
export function csvLine(fields: readonly CsvField[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(field: CsvField): string {
  if (field === null) return '';
  if (typeof field !== 'string') return field.number;
  const text = FORMULA.test(field) ? `'${field}` : field;
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Spreadsheets of some languages and settings take a semicolon or a tab for the end of a field, too. */
const SPECIAL = /[",;\t\r\n]/;

/**
 * A spreadsheet takes text that begins like this for a formula, and names of models, tags and end users come from
 * clients (OWASP, "CSV Injection"). The last four are the wide forms of the first four.
 */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
