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
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A spreadsheet takes text that begins like this for a formula, and names of models, tags and end users come from
 * clients (OWASP, "CSV Injection").
 */
const FORMULA = /^[=+\-@\t\r]/;
