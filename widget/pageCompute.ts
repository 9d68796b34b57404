/**
 * The computation of one map in the page: a worker on `embedding-map-compute.js`, or, where the page forbids workers, the same code in
 * the page's own thread, piece by piece.
 */
import type { ComputeAnswer, ComputeAnswers, ComputeName, ComputeRequests } from './compute.worker.ts';

const FILE = 'embedding-map-compute.js';

export interface Computing {
  readonly onProgress: (progress: number) => void;
  readonly onFrame: (bytes: Uint8Array) => void;
}

/** What was given cannot be taken. */
export class ComputeMistake extends Error {}

export class PageCompute {
  readonly #computing: Computing;
  readonly #port: MessagePort;
  readonly #worker: Worker | null;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (output: ComputeAnswers[ComputeName]) => void; readonly reject: (error: Error) => void }
  >();
  #calls = 0;

  private constructor(port: MessagePort, worker: Worker | null, computing: Computing) {
    this.#port = port;
    this.#worker = worker;
    this.#computing = computing;
    port.onmessage = ({ data }: MessageEvent<ComputeAnswer>) => this.#hear(data);
    if (worker !== null) worker.onerror = ({ message }) => this.#fail(new Error(`The worker has failed. ${message}`));
  }

  /** @param places addresses of our files, the likeliest first: see `addresses` of loadMore.ts */
  static async start(places: readonly string[], computing: Computing): Promise<PageCompute> {
    const { port1, port2 } = new MessageChannel();
    const address = await firstThatLoads(places);
    const worker = await startWorker(address);
    if (worker === null) {
      const { serve }: typeof import('./compute.worker.ts') = await import(address);
      serve(port2);
    } else {
      worker.postMessage(null, [port2]);
    }
    return new PageCompute(port1, worker, computing);
  }

  /** @throws ComputeMistake for what the kernels cannot take */
  call<Name extends ComputeName>(name: Name, input: ComputeRequests[Name]): Promise<ComputeAnswers[Name]> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      // The worker's table says that the call of this name gives this type.
      this.#waiting.set(id, { resolve: (output) => resolve(output as ComputeAnswers[Name]), reject });
      this.#port.postMessage({ id, name, input });
    });
  }

  /** Ends it, whatever it does. */
  close(): void {
    this.#worker?.terminate();
    this.#port.close();
    this.#fail(new Error('The computation was ended.'));
  }

  #hear(answer: ComputeAnswer): void {
    if (answer.type === 'progress') this.#computing.onProgress(answer.progress);
    else if (answer.type === 'frame') this.#computing.onFrame(answer.bytes);
    else {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.type === 'output') waiting?.resolve(answer.output);
      else waiting?.reject(answer.mistake ? new ComputeMistake(answer.message) : new Error(answer.message));
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The module is fetched once: a worker that loads it then finds it in the cache. */
async function firstThatLoads(places: readonly string[]): Promise<string> {
  for (const place of places) {
    const loaded = await import(place).then(
      () => true,
      () => false,
    );
    if (loaded) return place;
  }
  throw new Error(`Maps cannot be computed here: ${FILE} is neither beside the script nor on the server.`);
}

/** Null where the page's content security policy forbids it: some browsers throw, others tell later. */
async function startWorker(address: string): Promise<Worker | null> {
  // A worker of another origin is not allowed; one that imports it is.
  const isOwn = new URL(address).origin === globalThis.location.origin;
  const source = isOwn
    ? address
    : URL.createObjectURL(new Blob([`import ${JSON.stringify(address)}`], { type: 'text/javascript' }));
  try {
    const worker = new Worker(source, { type: 'module' });
    const isReady = await new Promise<boolean>((resolve) => {
      worker.onmessage = () => resolve(true);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve(false);
      };
    });
    if (isReady) return worker;
    worker.terminate();
  } catch {}
  return null;
}
