/**
 * The thread in which PGlite runs: it blocks for as long as a statement takes. It does one thing at a time, as asked by
 * pglite.ts, which also decides who may ask.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { messages, PGlite, protocol } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

import { CopySplitter } from './copyBinary.ts';
import { type DatabaseErrorFields, readErrorFields } from './databaseError.ts';
import { buffersOf, type PlainRows } from './transfer.ts';
import { decoderOf } from './values.ts';

/** What the thread is given. */
export interface EngineData {
  readonly directory: string;
  /** PGlite's `pglite.wasm`. */
  readonly module: WebAssembly.Module;
}

/** What the thread can be asked. A message carries the request's number beside it, and so does what answers it. */
export type Request =
  | { readonly type: 'query'; readonly sql: string; readonly parameters: readonly (string | null)[] | null }
  /** Followed by chunks and `end` under the same number; answered by `taken` for each chunk and `result` for the whole. */
  | { readonly type: 'copyIn'; readonly target: string }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'copyOut'; readonly select: string }
  /** Answered by the end of the thread. */
  | { readonly type: 'close' };

export type Response =
  | { readonly type: 'ready' }
  /** `command` is what Postgres calls the statement, with its count of rows. */
  | { readonly type: 'result'; readonly rows: PlainRows; readonly command: string }
  | { readonly type: 'taken' }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** `fields` are null where it is not the database that refused; `fatal`: the engine cannot be trusted any more. */
  | {
      readonly type: 'error';
      readonly message: string;
      readonly fields: DatabaseErrorFields | null;
      readonly fatal: boolean;
    }
  | { readonly type: 'notification'; readonly channel: string; readonly payload: string };

/** PGlite reads a bulk load from memory, piece by piece. While it is at one, whoever sends makes the next: larger pieces make it wait. */
const COPY_PIECE_BYTES = 2 * 1024 * 1024;

if (parentPort !== null) await serve(parentPort, workerData.data);

async function serve(port: MessagePort, { directory, module }: EngineData): Promise<void> {
  const engine = await PGlite.create(directory, { extensions: { vector }, pgliteWasmModule: module });
  let current = 0;
  let copy: { readonly target: string; readonly splitter: CopySplitter; rows: number } | null = null;

  function respond(response: Response, transfer: readonly ArrayBuffer[] = []): void {
    port.postMessage({ request: current, response }, [...transfer]);
  }

  async function carryOut(request: Request): Promise<void> {
    switch (request.type) {
      case 'query': {
        const { rows, command } = await run(engine, request.sql, request.parameters);
        respond({ type: 'result', rows, command }, buffersOf(rows));
        return;
      }
      case 'copyIn':
        copy = { target: request.target, splitter: new CopySplitter(COPY_PIECE_BYTES), rows: 0 };
        return;
      case 'chunk': {
        if (copy === null) return; // it has failed: what was on its way is of no use any more
        const whole = copy.splitter.push(request.bytes);
        if (whole !== null) copy.rows += await copyPiece(engine, copy.target, whole);
        respond({ type: 'taken' });
        return;
      }
      case 'end':
        if (copy === null) return;
        copy.rows += await copyPiece(engine, copy.target, copy.splitter.finish());
        respond({ type: 'result', rows: { names: [], values: [] }, command: `COPY ${copy.rows}` });
        return;
      case 'copyOut': {
        const sql = `copy (${request.select}) to '/dev/blob' with (format binary)`;
        const { blob } = await guard(() => engine.query(sql));
        const buffer = (await blob?.arrayBuffer()) ?? new ArrayBuffer(0);
        respond({ type: 'bytes', bytes: new Uint8Array(buffer) }, [buffer]);
        return;
      }
      case 'close':
        await engine.close();
        port.close();
        return;
    }
  }

  // A statement is carried out before the next message is looked at: what PGlite awaits within must not let one in.
  let last = Promise.resolve();
  port.on('message', ({ number, request }: { number: number; request: Request }) => {
    last = last.then(async () => {
      if (number !== current) copy = null;
      current = number;
      try {
        await carryOut(request);
      } catch (error) {
        copy = null;
        await engine._getWrittenBlob(); // PGlite keeps what a failed `copy to` has written for the next one
        await engine._cleanupBlob();
        respond({
          type: 'error',
          message: error instanceof Error ? error.message : String(error),
          fields: readErrorFields(error),
          fatal: error instanceof EngineFailure,
        });
      }
    });
  });
  engine.onNotification((channel, payload) => respond({ type: 'notification', channel, payload }));
  respond({ type: 'ready' });
}

/** The engine itself failed, and cannot be trusted any more. */
class EngineFailure extends Error {}

/** Tells a statement that is refused from an engine that fails. */
async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (readErrorFields(error) !== null) throw error;
    throw new EngineFailure(`PGlite failed: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Parse, bind, describe, execute and sync in one go: two thirds of the time of PGlite's own `query`. */
async function run(
  engine: PGlite,
  sql: string,
  parameters: readonly (string | null)[] | null,
): Promise<{ rows: PlainRows; command: string }> {
  const { serialize } = protocol;
  const message =
    parameters === null
      ? serialize.query(sql)
      : Buffer.concat([
          serialize.parse({ text: sql }),
          serialize.bind({ values: [...parameters] }),
          serialize.describe({ type: 'P' }),
          serialize.execute({}),
          serialize.sync(),
        ]);
  const answers = await guard(() => engine.execProtocolStream(message, { syncToFs: false }));
  // PGlite swallows a trap of its WebAssembly: all that is seen of it is that the statement never ends.
  if (!answers.some(({ name }) => name === 'commandComplete' || name === 'emptyQuery')) {
    throw new EngineFailure('PGlite failed within a statement.');
  }

  // Of several statements the last one's rows.
  let current: { names: string[]; values: unknown[][] } = { names: [], values: [] };
  let last = { rows: current, command: '' };
  let decoders: ((text: string) => unknown)[] = [];
  for (const answer of answers) {
    if (answer instanceof messages.RowDescriptionMessage) {
      current.names = answer.fields.map((field) => field.name);
      decoders = answer.fields.map((field) => decoderOf(field.dataTypeID));
    } else if (answer instanceof messages.DataRowMessage) {
      current.values.push(answer.fields.map((text, i) => (text === null ? null : decoders[i]?.(text))));
    } else if (answer instanceof messages.CommandCompleteMessage) {
      last = { rows: current, command: answer.text };
      current = { names: [], values: [] };
    }
  }
  return last;
}

/** @returns the number of rows */
async function copyPiece(engine: PGlite, target: string, piece: Uint8Array<ArrayBuffer>): Promise<number> {
  const sql = `copy ${target} from '/dev/blob' with (format binary)`;
  const { affectedRows } = await guard(() => engine.query(sql, [], { blob: new Blob([piece]) }));
  return affectedRows ?? 0;
}
