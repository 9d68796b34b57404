/**
 * Global ids and cursors: opaque texts, the base64url of a JSON array. They grant nothing, so they are checked, not signed.
 */
import { UserError } from '../errors.ts';

/** What follows the type in an id, in the terms of the database. */
const shapes: Readonly<Record<string, readonly ('int4' | 'int8' | 'uuid')[]>> = {
  Dataset: ['int4'],
  Item: ['int4', 'int8'], // data set, item
  Embedding: ['int4'],
  Projection: ['int4'],
  Clustering: ['int4'],
  GraphModel: ['int4'],
  WordEvaluation: ['int4'],
  Classification: ['int4'],
  Comparison: ['int4'],
  Job: ['uuid'],
};

export type NodeId =
  | readonly [
      (
        | 'Dataset'
        | 'Embedding'
        | 'Projection'
        | 'Clustering'
        | 'GraphModel'
        | 'WordEvaluation'
        | 'Classification'
        | 'Comparison'
      ),
      number,
    ]
  | readonly ['Item', number, number]
  | readonly ['Job', string];

export function encodeId(id: NodeId): string {
  return encode(id);
}

/** @throws UserError BAD_USER_INPUT for what `encodeId` did not make */
export function decodeId(id: string): NodeId {
  const parts = decode(id);
  if (isNodeId(parts)) return parts;
  throw new UserError('BAD_USER_INPUT', `The id ${quote(id)} is none of this server's. Take ids from its answers.`);
}

/** The job that a global id names. @throws UserError BAD_USER_INPUT */
export function decodeJobId(id: string): string {
  const decoded = decodeId(id);
  if (decoded[0] === 'Job') return decoded[1];
  throw new UserError('BAD_USER_INPUT', `The id ${quote(id)} is that of a ${decoded[0]}; wanted: that of a Job.`);
}

function isNodeId(parts: readonly unknown[] | null): parts is NodeId {
  if (parts === null) return false;
  const [type, ...rest] = parts;
  const shape = typeof type === 'string' && Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  return (
    shape !== undefined &&
    rest.length === shape.length &&
    rest.every((part, i) => {
      if (shape[i] === 'uuid') return typeof part === 'string' && uuid.test(part);
      const most = shape[i] === 'int4' ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
      return typeof part === 'number' && Number.isInteger(part) && part > 0 && part <= most;
    })
  );
}

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Where an entry stands in one list. `list` names the list, so that the cursor of another one is noticed. */
export function encodeCursor(list: string, place: number | string): string {
  return encode([list, place]);
}

/** @throws UserError BAD_USER_INPUT for a cursor that is not one of `list` */
export function decodeNumberCursor(list: string, cursor: string): number {
  const place = decodeCursor(list, cursor);
  if (typeof place === 'number' && Number.isSafeInteger(place)) return place;
  throw wrongCursor(cursor);
}

/** @throws UserError BAD_USER_INPUT for a cursor that is not one of `list` */
export function decodeTextCursor(list: string, cursor: string): string {
  const place = decodeCursor(list, cursor);
  if (typeof place === 'string') return place;
  throw wrongCursor(cursor);
}

function decodeCursor(list: string, cursor: string): unknown {
  const parts = decode(cursor);
  if (parts === null || parts.length !== 2 || parts[0] !== list) throw wrongCursor(cursor);
  return parts[1];
}

function wrongCursor(cursor: string): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `The cursor ${quote(cursor)} is not one of this list. Give the "endCursor" of the page before.`,
  );
}

function encode(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function decode(text: string): readonly unknown[] | null {
  if (!/^[A-Za-z0-9_-]{1,500}$/.test(text)) return null;
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(parts) ? parts : null;
  } catch {
    return null;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
