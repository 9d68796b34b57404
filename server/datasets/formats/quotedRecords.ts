/**
 * Records of fields that may be quoted, as RFC 4180 has it: a quoted field may hold delimiters and newlines, and a
 * quote doubled. What stands behind a closing quote, or a quote within an unquoted field, is taken as it is.
 */

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const QUOTE = 34;

/** A record of the file: its texts, and the line on which it begins. */
export interface TextRecord {
  readonly line: number;
  readonly texts: readonly string[];
}

export interface QuotedRecords {
  readonly records: TextRecord[];
  /** Where the record begins whose quote is still open when the text ends, and its line; null: all are complete. */
  readonly open: { readonly start: number; readonly line: number } | null;
}

/**
 * The records of a text of whole lines. `delimiter` is one character, or null: each record is one field.
 * `firstLine` is the number of the line on which the text begins.
 */
export function splitQuoted(text: string, delimiter: string | null, firstLine: number): QuotedRecords {
  const records: TextRecord[] = [];
  let line = firstLine;
  let at = 0;
  let lineEnd = -1; // the next newline from `at` on
  let nextDelimiter = -1; // the next delimiter from `at` on
  while (at <= text.length) {
    const start = at;
    const startLine = line;
    const texts: string[] = [];
    for (let more = true; more; ) {
      let field = '';
      if (text.charCodeAt(at) === QUOTE) {
        const close = closingQuote(text, at);
        if (close === -1) return { records, open: { start, line: startLine } };
        field = text.slice(at + 1, close);
        if (field.includes('"')) field = field.replaceAll('""', '"');
        if (field.includes('\n')) line += countNewlines(field);
        at = close + 1;
      }
      if (lineEnd < at) lineEnd = orEnd(text.indexOf('\n', at), text);
      if (nextDelimiter < at)
        nextDelimiter = delimiter === null ? text.length : orEnd(text.indexOf(delimiter, at), text);
      more = nextDelimiter < lineEnd;
      let end = more ? nextDelimiter : lineEnd;
      if (!more && end > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN) end--;
      if (end > at) field += text.slice(at, end);
      texts.push(field);
      at = (more ? nextDelimiter : lineEnd) + 1;
    }
    records.push({ line: startLine, texts });
    line++;
  }
  return { records, open: null };
}

/** Where the field that opens at `open` closes, or -1. */
function closingQuote(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1 && text.charCodeAt(close + 1) === QUOTE) close = text.indexOf('"', close + 2);
  return close;
}

function orEnd(at: number, text: string): number {
  return at === -1 ? text.length : at;
}

function countNewlines(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === NEWLINE) count++;
  return count;
}
