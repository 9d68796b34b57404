/** Values as Postgres writes and reads them in text, alike for both drivers. */
import type { Parameter } from './database.ts';

/**
 * What a connection is told first: the forms of values that are read here, whatever the server's or the user's own are,
 * and no parallel index builds by a pgvector in which they may write beyond their memory (CVE-2026-3172, before 0.8.2).
 */
export const sessionSettings = `
  set datestyle = iso;
  set intervalstyle = postgres;
  set bytea_output = hex;
  set extra_float_digits = 1;
  set timezone = 'UTC';
  select set_config('max_parallel_maintenance_workers', '0', false)
  from pg_extension
  where extname = 'vector' and string_to_array(substring(extversion from '^\\d+\\.\\d+\\.\\d+'), '.')::int[] < '{0,8,2}'`;

// Ids of types and of arrays of them, from src/include/catalog/pg_type.dat: they never change.
const elementOfArray: ReadonlyMap<number, number> = new Map([
  [1000, 16], // boolean
  [1001, 17], // bytea
  [1003, 19], // name
  [1016, 20], // int8
  [1005, 21], // int2
  [1007, 23], // int4
  [1009, 25], // text
  [1028, 26], // oid
  [199, 114], // json
  [1021, 700], // float4
  [1022, 701], // float8
  [1014, 1042], // character
  [1015, 1043], // character varying
  [1182, 1082], // date
  [1183, 1083], // time
  [1115, 1114], // timestamp
  [1185, 1184], // timestamptz
  [1231, 1700], // numeric
  [2951, 2950], // uuid
  [3807, 3802], // jsonb
]);

const decoders: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [17, decodeBytea],
  [20, decodeInt8],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, (text) => JSON.parse(text)],
  [700, (text) => Math.fround(Number(text))], // written with just the digits that tell it from its float4 neighbours
  [701, Number],
  [1184, decodeTimestamp],
  [3802, (text) => JSON.parse(text)],
]);

/** How the text of a value of this type is read; types that are not named above stay text. */
export function decoderOf(type: number): (text: string) => unknown {
  const element = elementOfArray.get(type);
  if (element === undefined) return decoders.get(type) ?? String;
  const decode = decoders.get(element) ?? String;
  return (text) => decodeArray(text, decode);
}

/** What is bound for `$n`: text, or bytes for a bytea. */
export function encodeParameter(value: Parameter): string | Uint8Array | null {
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return value;
  if (value instanceof Date) return encodeTimestamp(value);
  if (Array.isArray(value)) return encodeArray(value);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** `\x` and two hexadecimal digits per byte. */
export function encodeBytea(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

function encodeArray(values: readonly Parameter[]): string {
  const elements = values.map((value) => {
    if (Array.isArray(value)) return encodeArray(value);
    const encoded = encodeParameter(value);
    if (encoded === null) return 'null';
    const text = typeof encoded === 'string' ? encoded : encodeBytea(encoded);
    return `"${text.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${elements.join(',')}}`;
}

/** ISO 8601 in UTC, with years as Postgres writes them: no sign, BC behind. */
function encodeTimestamp(date: Date): string {
  const iso = date.toISOString();
  const year = date.getUTCFullYear();
  if (year > 9999) return iso.slice(1).replace(/^0+/, '');
  if (year > 0) return iso;
  return `${String(1 - year).padStart(4, '0')}${iso.slice(iso.indexOf('-', 1))} BC`;
}

/** Reads what Postgres writes under `datestyle = ISO`: `2026-01-31 12:00:00.123456+00`, with `BC` behind before year 1. */
function decodeTimestamp(text: string): Date {
  const match = /^(\d{4,})-(\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::?(\d\d))?(?::\d\d)?( BC)?$/.exec(
    text,
  );
  if (match !== null) {
    const [, year = '', day, time, fraction = '', hours, minutes = '00', beforeChrist] = match;
    const signed = beforeChrist === undefined ? Number(year) : 1 - Number(year);
    const isoYear =
      signed >= 0 && signed <= 9999
        ? String(signed).padStart(4, '0')
        : `${signed < 0 ? '-' : '+'}${String(Math.abs(signed)).padStart(6, '0')}`;
    const milliseconds = fraction.slice(0, 3).padEnd(3, '0'); // a Date has no finer
    const date = new Date(`${isoYear}-${day}T${time}.${milliseconds}${hours}:${minutes}`);
    if (!Number.isNaN(date.getTime())) return date;
  }
  throw new RangeError(`A Date cannot hold the timestamp ${text}.`);
}

function decodeInt8(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`A number cannot hold the int8 ${text} exactly: cast it to text or numeric in the statement.`);
}

/** Bytes with a buffer of their own, so that they can be handed to another thread. */
function decodeBytea(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length - 2) / 2);
  Buffer.from(bytes.buffer).write(text.slice(2), 'hex');
  return bytes;
}

/** Reads `{1,2}`, `{"a b",NULL}`, `{{1},{2}}` and `[0:1]={1,2}` (the bounds are left out). */
function decodeArray(text: string, decode: (element: string) => unknown): unknown[] {
  let at = text.indexOf('{') + 1;

  const elements = (): unknown[] => {
    const found: unknown[] = [];
    while (text[at] !== '}') {
      if (text[at] === ',') at++;
      if (text[at] === '{') {
        at++;
        found.push(elements());
      } else if (text[at] === '"') {
        found.push(decode(quoted()));
      } else {
        const start = at;
        while (text[at] !== ',' && text[at] !== '}') at++;
        const element = text.slice(start, at);
        found.push(element === 'NULL' ? null : decode(element));
      }
    }
    at++;
    return found;
  };

  const quoted = (): string => {
    let element = '';
    at++;
    while (text[at] !== '"') {
      if (text[at] === '\\') at++;
      element += text[at];
      at++;
    }
    at++;
    return element;
  };

  return elements();
}

/** @throws when it is not a plain name: letters, digits and underscores */
export function quoteChannel(channel: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(channel)) throw new Error(`"${channel}" cannot name a channel.`);
  return `"${channel}"`;
}

/** `set name = 'value'` for each setting, or `set local …`: statements to be joined by semicolons. */
export function setStatements(settings: Readonly<Record<string, string>>, scope: 'session' | 'local'): string[] {
  return Object.entries(settings).map(([name, value]) => {
    if (!/^[a-z_][a-z0-9_.]*$/.test(name)) throw new Error(`"${name}" cannot name a setting.`);
    return `set ${scope} ${name} = '${value.replaceAll("'", "''")}'`;
  });
}
