/**
 * The scalars of schema.graphql. Each reads a value the same from a variable as from the document.
 */
import { GraphQLScalarType, Kind, type ValueNode } from 'graphql';

import { UserError } from '../errors.ts';

/** What pgvector can hold. */
const MOST_DIMENSIONS = 16_000;

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize(value) {
    if (value instanceof Date) return value.toISOString();
    throw new TypeError('A DateTime is a Date.');
  },
  parseValue: readDate,
  parseLiteral: (node, variables) => readDate(literal(node, variables)),
});

function readDate(value: unknown): Date {
  const date = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) ? new Date(value) : null;
  if (date === null || Number.isNaN(date.getTime())) {
    throw new UserError('BAD_USER_INPUT', 'Wanted: an instant as "2026-03-01T12:00:00.000Z".');
  }
  return date;
}

export const JSONValue = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: literal,
});

export const BigIntValue = new GraphQLScalarType<number, number | string>({
  name: 'BigInt',
  serialize(value) {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    if (typeof value === 'bigint') {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value.toString();
    }
    throw new TypeError('A BigInt is a whole number, or a bigint beyond 2^53 - 1.');
  },
  parseValue: readWhole,
  parseLiteral: (node, variables) => readWhole(literal(node, variables)),
});

function readWhole(value: unknown): number {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw new UserError('BAD_USER_INPUT', 'Wanted: a whole number between -(2^53 - 1) and 2^53 - 1.');
  }
  return number;
}

export const Vector = new GraphQLScalarType<Float32Array, string>({
  name: 'Vector',
  serialize(value) {
    if (value instanceof Float32Array) return toBase64(value);
    throw new TypeError('A Vector is a Float32Array.');
  },
  parseValue: readVector,
  parseLiteral: (node, variables) => readVector(literal(node, variables)),
});

/** The base64 of the vector's float32 values, little-endian. */
function toBase64(vector: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(vector.length * 4));
  vector.forEach((value, i) => {
    bytes.setFloat32(i * 4, value, true);
  });
  return Buffer.from(bytes.buffer).toString('base64');
}

/** A vector from a list of numbers, or from the base64 of little-endian float32 values. @throws UserError BAD_USER_INPUT */
function readVector(value: unknown): Float32Array {
  if (typeof value === 'string') return readBase64(value);
  if (!Array.isArray(value)) {
    throw new UserError('BAD_USER_INPUT', 'Wanted: a list of numbers, or the base64 of little-endian float32 values.');
  }
  checkLength(value.length);
  const vector = new Float32Array(value.length);
  value.forEach((number: unknown, i) => {
    if (typeof number !== 'number') {
      throw new UserError('BAD_USER_INPUT', `Number ${i + 1} of the vector is not a number.`);
    }
    vector[i] = number;
  });
  return checkFinite(vector);
}

function readBase64(text: string): Float32Array {
  // Buffer.from skips what is not base64, so that a mistyped vector would become another one.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      'The text is not base64; wanted: the base64 of little-endian float32 values.',
    );
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0) {
    throw new UserError('BAD_USER_INPUT', `The base64 holds ${bytes.length} bytes; wanted: 4 for each number.`);
  }
  checkLength(bytes.length / 4);
  const vector = new Float32Array(bytes.length / 4);
  for (let i = 0; i < vector.length; i++) vector[i] = bytes.readFloatLE(i * 4);
  return checkFinite(vector);
}

function checkLength(length: number): void {
  if (length < 1 || length > MOST_DIMENSIONS) {
    throw new UserError('BAD_USER_INPUT', `The vector has ${length} numbers; wanted: 1 to ${MOST_DIMENSIONS}.`);
  }
}

/** JSON's 1e39 is finite as a double and infinite as a float32. */
function checkFinite(vector: Float32Array): Float32Array {
  const wrong = vector.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new UserError('BAD_USER_INPUT', `Number ${wrong + 1} of the vector is not a finite float32.`);
  }
  return vector;
}

/** The value that a node of the document stands for. Names such as `__proto__` become plain properties. */
function literal(node: ValueNode, variables?: Readonly<Record<string, unknown>> | null): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.ENUM:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.NULL:
      return null;
    case Kind.LIST:
      return node.values.map((value) => literal(value, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, literal(field.value, variables)]));
    case Kind.VARIABLE:
      return variables?.[node.name.value];
  }
}
