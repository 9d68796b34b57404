import { type ModelSettings, usualModels } from '../config.ts';
import type { Database, Queryable } from '../database/database.ts';
import {
  type Claim,
  forgetPoints,
  guardJob,
  REJECTIONS_KEPT,
  type Rejections,
  type Report,
  recordPoints,
  saveCheckpoint,
  setDatasetOfJob,
} from './claims.ts';
import type { CurvePoint, Pace, Rejection, TaskContext } from './task.ts';

const WARNINGS_KEPT = 100;

/** What a task is given. What it says is kept here until the heartbeat takes it along. */
export class JobContext implements TaskContext {
  readonly database: Database;
  readonly signal: AbortSignal;
  readonly dataDir: string;
  readonly models: ModelSettings;

  #claim: Claim;
  #datasetId: number | null;
  #checkpoint: unknown;
  #stage: string | null = null;
  #progress: number | null = null;
  #pace: Pace | null = null;
  #warnings: string[];
  #news = false;
  #rejected = 0;
  #firstRejected: Rejection[] = [];
  #perturbations: readonly number[];
  #takePerturbations: (shares: readonly number[]) => void = () => {};

  constructor(
    database: Database,
    claim: Claim,
    dataDir: string,
    signal: AbortSignal,
    models: ModelSettings = { ...usualModels, dataDir },
  ) {
    this.database = database;
    this.signal = signal;
    this.dataDir = dataDir;
    this.models = models;
    this.#claim = claim;
    this.#datasetId = claim.datasetId;
    this.#checkpoint = claim.checkpoint;
    this.#warnings = [...claim.warnings];
    this.#perturbations = claim.perturbations;
  }

  get jobId(): string {
    return this.#claim.id;
  }

  get attempt(): number {
    return this.#claim.attempt;
  }

  get checkpoint(): unknown {
    return this.#checkpoint;
  }

  /** The data set whose removal cancels the job. */
  get datasetId(): number | null {
    return this.#datasetId;
  }

  progress(stage: string, fraction: number | null, pace: Pace | null = this.#pace): void {
    const progress = fraction === null || Number.isNaN(fraction) ? null : Math.min(1, Math.max(0, fraction));
    if (stage === this.#stage && progress === this.#progress && pace === this.#pace) return;
    this.#stage = stage;
    this.#progress = progress;
    this.#pace = pace;
    this.#news = true;
  }

  warn(message: string): void {
    if (this.#warnings.includes(message) || this.#warnings.length === WARNINGS_KEPT) return;
    this.#warnings.push(message);
    this.#news = true;
  }

  async reject(rows: readonly Rejection[]): Promise<void> {
    this.#rejected += rows.length;
    this.#firstRejected.push(...rows.slice(0, REJECTIONS_KEPT - this.#firstRejected.length));
  }

  hearPerturbations(take: (shares: readonly number[]) => void): () => void {
    this.#takePerturbations = take;
    take(this.#perturbations);
    return () => {
      this.#takePerturbations = () => {};
    };
  }

  /** Whoever watches the job has pushed its map so often by now. */
  tellPerturbations(shares: readonly number[]): void {
    if (shares.length === this.#perturbations.length) return;
    this.#perturbations = shares;
    this.#takePerturbations(shares);
  }

  async record(curve: string, points: readonly CurvePoint[]): Promise<void> {
    if (points.length > 0) await recordPoints(this.database, this.#claim, curve, points);
  }

  async forgetAfter(curve: string, at: number): Promise<void> {
    await forgetPoints(this.database, this.#claim, curve, at);
  }

  async saveCheckpoint(value: unknown, transaction: Queryable = this.database): Promise<void> {
    await saveCheckpoint(transaction, this.#claim, value, this.takeRejections());
    this.#checkpoint = value;
  }

  async guard(transaction: Queryable): Promise<void> {
    await guardJob(transaction, this.#claim);
  }

  async worksOn(datasetId: number, transaction: Queryable = this.database): Promise<void> {
    this.#datasetId = datasetId; // before it is written, so that no cancellation comes in between
    await setDatasetOfJob(transaction, this.#claim, datasetId);
  }

  /** What the job says now. */
  report(): Report {
    return { stage: this.#stage, progress: this.#progress, pace: this.#pace, warnings: this.#warnings };
  }

  /** The same, but null unless it says something new since this was asked last. */
  takeNews(): Report | null {
    if (!this.#news) return null;
    this.#news = false;
    return this.report();
  }

  /** The rows left out since this was asked last. */
  takeRejections(): Rejections {
    const rejections = { count: this.#rejected, first: this.#firstRejected };
    this.#rejected = 0;
    this.#firstRejected = [];
    return rejections;
  }
}
