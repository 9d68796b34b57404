/** The curve of a training while it runs: what the kernel measures, epoch by epoch, kept as curves of the job, and read again from them. */
import type { CurvePoint as TrainingPoint } from '#kernels/kge/training.ts';
import type { CurvePoint, TaskContext } from '../jobs/task.ts';

/** How often the kernel is asked for what it has measured since. */
export const CURVE_MS = 250;

/** Under which names a job keeps what. */
const curveNames = { loss: 'loss', mrr: 'validation MRR', rate: 'rate' } as const;
type Measured = keyof typeof curveNames;
/** In the order in which they are written: a point is there when its loss is. */
const measured: readonly Measured[] = ['rate', 'mrr', 'loss'];

/** @param trial number of the settings that are tried, from 0: those after the first say so */
function curveName(what: Measured, trial: number): string {
  return trial === 0 ? curveNames[what] : `${curveNames[what]} of trial ${trial + 1}`;
}

/** (epochs, 4) row by row: epoch, loss, MRR or NaN where there was no validation, rate. */
export function pointsToBytes(points: readonly TrainingPoint[]): Uint8Array<ArrayBuffer> {
  const rows = points.flatMap(({ epoch, loss, mrr, rate }) => [epoch, loss, mrr ?? Number.NaN, rate]);
  return new Uint8Array(Float64Array.from(rows).buffer);
}

function pointsFromBytes({ buffer }: Uint8Array<ArrayBuffer>): TrainingPoint[] {
  const rows = new Float64Array(buffer);
  return Array.from({ length: rows.length / 4 }, (_, i) => {
    const [epoch = 0, loss = 0, mrr = 0, rate = 0] = rows.subarray(4 * i, 4 * i + 4);
    return { epoch, loss, mrr: Number.isNaN(mrr) ? null : mrr, rate };
  });
}

/** Writes the curve of the trial that runs. */
export class TrainingCurve {
  readonly #context: Pick<TaskContext, 'record' | 'forgetAfter'>;
  #trial = 0;
  /** The last epoch that was kept. */
  #epoch = 0;
  /** The last rate that was kept: it is kept where it changes. */
  #rate: number | null = null;
  /** One after the other: on connections of a pool a later point could come before an earlier one. */
  #writing: Promise<void> = Promise.resolve();

  constructor(context: Pick<TaskContext, 'record' | 'forgetAfter'>) {
    this.#context = context;
  }

  /** A trial goes on from here: what an earlier attempt had measured later than this is to be measured again. */
  async begin(trial: number, epoch: number): Promise<void> {
    await this.#writing;
    this.#trial = trial;
    this.#epoch = epoch;
    this.#rate = null;
    for (const what of measured) await this.#context.forgetAfter(curveName(what, trial), epoch);
  }

  /** Keeps what the kernel has given meanwhile. Where it cannot be kept the training goes on: the heartbeat finds out why. */
  take(bytes: Uint8Array<ArrayBuffer>): void {
    void this.#record(pointsFromBytes(bytes)).catch(() => {});
  }

  /** Keeps what is left of the whole curve. */
  async reach(curve: readonly TrainingPoint[]): Promise<void> {
    await this.#record(curve.filter(({ epoch }) => epoch > this.#epoch));
  }

  async #record(points: readonly TrainingPoint[]): Promise<void> {
    const trial = this.#trial;
    this.#epoch = points.at(-1)?.epoch ?? this.#epoch;
    const isNew = ({ rate }: TrainingPoint) => {
      const changes = rate !== this.#rate;
      this.#rate = rate;
      return changes;
    };
    const kept = { rate: points.filter(isNew), mrr: points, loss: points };
    const writing = this.#writing.then(async () => {
      for (const what of measured) {
        const values = kept[what].flatMap(({ epoch: at, [what]: value }) => (value === null ? [] : [{ at, value }]));
        await this.#context.record(curveName(what, trial), values);
      }
    });
    this.#writing = writing.catch(() => {});
    await writing;
  }
}

/** The curve of a trial, from all that its job has measured. */
export function curveOfTrial(
  curves: readonly { readonly name: string; readonly points: readonly CurvePoint[] }[],
  trial: number,
): TrainingPoint[] {
  const pointsOf = (what: Measured) => curves.find(({ name }) => name === curveName(what, trial))?.points ?? [];
  const [mrrs, rates] = [new Map(byTime(pointsOf('mrr'))), new Map(byTime(pointsOf('rate')))];
  let rate = 0;
  return pointsOf('loss').map(({ at: epoch, value: loss }) => {
    rate = rates.get(epoch) ?? rate;
    return { epoch, loss, mrr: mrrs.get(epoch) ?? null, rate };
  });
}

function byTime(points: readonly CurvePoint[]): [number, number][] {
  return points.map(({ at, value }) => [at, value]);
}
