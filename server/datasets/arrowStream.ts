/**
 * Writes an Arrow IPC stream batch by batch: what `write` and `end` give, one after the other, is the stream. Nothing is
 * kept of a batch once it has been given.
 */
import { AsyncByteQueue, type RecordBatch, RecordBatchStreamWriter, type Schema } from 'apache-arrow';

export class ArrowStream {
  readonly #writer = new RecordBatchStreamWriter({ autoDestroy: false });
  readonly #collected = new Collector();

  constructor(schema: Schema) {
    // So that a stream without batches has a schema, too.
    this.#writer.reset(this.#collected, schema);
  }

  /** The batch, before the first one the schema, and before a batch the dictionaries that it is the first to use. */
  write(batch: RecordBatch): Uint8Array {
    this.#writer.write(batch);
    return this.#collected.take();
  }

  end(): Uint8Array {
    this.#writer.finish();
    return this.#collected.take();
  }
}

/** Takes what the writer writes, in place of a queue that somebody must read from. */
class Collector extends AsyncByteQueue<Uint8Array> {
  #pieces: Uint8Array[] = [];

  override write(piece: Uint8Array): void {
    this.#pieces.push(piece);
  }

  take(): Uint8Array {
    const taken = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return taken;
  }
}
