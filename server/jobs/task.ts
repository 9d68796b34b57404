/**
 * What a verb is given when it runs as a job. Verbs import this file alone of `jobs/`: they do not know the queue.
 */
import type { ModelSettings } from '../config.ts';
import type { Database, Queryable } from '../database/database.ts';

/** A verb that may take long. What it has committed stands, so each of its transactions calls `guard` or `saveCheckpoint`. */
export type Task<Input, Result> = (context: TaskContext, input: Input) => Promise<Result>;

export interface TaskContext {
  readonly database: Database;
  /** Id of the job, a uuid. */
  readonly jobId: string;
  /** Aborted when the job is cancelled, handed over or lost. Pass it on to statements, kernels and reads. */
  readonly signal: AbortSignal;
  /** Where uploads and caches lie. */
  readonly dataDir: string;
  /** Where models are found, and what they run on here. */
  readonly models: ModelSettings;
  /** How often the job has been begun, from 1. */
  readonly attempt: number;

  /**
   * Says what is being done and how far it is, 0 to 1; null where that cannot be told. Cheap: call it as often as you
   * like, the last word is written a few times a second.
   * @param pace how fast it goes, where that is known; kept until another is told
   */
  progress(stage: string, fraction: number | null, pace?: Pace): void;
  /** Says something the user should know although the work goes on. The same sentence counts once. */
  warn(message: string): void;
  /**
   * Rows that are left out. They are written together with the next checkpoint, or when the job ends: after an
   * interruption the rows since the checkpoint are read again, and so nothing is counted twice.
   */
  reject(rows: readonly Rejection[]): Promise<void>;

  /**
   * Keeps points of a curve, such as the loss of a training, for whoever watches the job. A point that was measured at the
   * same time before is replaced, so that after an interruption nothing is there twice.
   * @throws when the job is another worker's by now
   */
  record(curve: string, points: readonly CurvePoint[]): Promise<void>;
  /**
   * Forgets the points of a curve that were measured later than this: for work that goes on from before them.
   * @throws when the job is another worker's by now
   */
  forgetAfter(curve: string, at: number): Promise<void>;

  /**
   * Calls `take` with the shares of all pushes that the map of this job has been given (kernels/perturb.ts), the first first: now, and
   * within some tenths of a second whenever there are more. They outlive an interruption. @returns what ends that
   */
  hearPerturbations(take: (shares: readonly number[]) => void): () => void;

  /** What `saveCheckpoint` kept last, in this or an earlier attempt; null at first. */
  readonly checkpoint: unknown;
  /**
   * Keeps where the work stands, as JSON. Inside the transaction that writes the work itself, work and checkpoint are
   * kept together or not at all. Call it last in the transaction: it holds the job's row until the end.
   * @throws when the job was cancelled or is another worker's by now
   */
  saveCheckpoint(value: unknown, transaction?: Queryable): Promise<void>;
  /**
   * Makes sure that the job is still ours. Call it last in every transaction that writes results and has no checkpoint.
   * @throws when the job was cancelled or is another worker's by now
   */
  guard(transaction: Queryable): Promise<void>;
  /** Says which data set the job works on, where that was not known at first: its removal cancels the job. */
  worksOn(datasetId: number, transaction?: Queryable): Promise<void>;
}

/** A point of a curve. */
export interface CurvePoint {
  /** When it was measured, in the unit of the curve: epochs, for example. */
  readonly at: number;
  readonly value: number;
}

/** How fast a job goes. */
export interface Pace {
  readonly itemsPerSecond: number;
  readonly secondsLeft: number;
}

/** A row that was left out. */
export interface Rejection {
  readonly file: string;
  /** Line or row, from 1; null where the whole file is meant. */
  readonly line: number | null;
  readonly reason: string;
}
