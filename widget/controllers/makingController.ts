/**
 * Follows the job that makes the map which is shown, or makes it anew: its frames move the points, at most ten times a second, and
 * at its end the finished map is asked for.
 */
import type { ReactiveController } from 'lit';

import { frameFromBytes } from '#kernels/frame.ts';
import type { OpenJob, Watching } from '../answers.ts';
import type { Client } from '../client.ts';
import type { MapView } from '../features/feature.ts';
import { pointsOfFrame } from '../framePoints.ts';
import { follow, hasEnded } from '../jobs.ts';
import { subscribe } from '../subscriptions.ts';

/** Held against the schema by a test. */
export const watchDocuments = {
  job: `subscription MapWatchJob($job: ID!) { job(id: $job) { state stage progress } }`,
  frames: `subscription MapWatchFrames($job: ID!) { projectionFrames(job: $job) { url } }`,
} as const;

/** A job that the server no longer knows: whatever it has made is there. */
const GONE = { state: 'CANCELLED', stage: null, progress: null } as const;

export class MakingController implements ReactiveController {
  readonly #view: MapView;
  #job: string | null = null;
  #abort: AbortController | null = null;
  #state: Pick<OpenJob, 'stage' | 'progress'> = { stage: null, progress: null };
  #steps = { step: 0, steps: 0 };
  /** A frame is on its way to the points: those that come meanwhile are left out. */
  #busy = false;

  constructor(view: MapView) {
    this.#view = view;
    view.addController(this);
  }

  hostUpdated(): void {
    const { names, client } = this.#view;
    // While the data set is asked for anew, what was known holds.
    if (names === null || client === null) return;
    const job = names.projectionSummary.making ?? null;
    if (job === this.#job) return;
    this.hostDisconnected();
    this.#job = job;
    if (job === null) return;
    const abort = new AbortController();
    this.#abort = abort;
    void this.#watch(client, job, abort.signal);
  }

  hostDisconnected(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.#job = null;
    this.#steps = { step: 0, steps: 0 };
    this.#view.tellMaking(null);
  }

  async #watch(client: Client, job: string, signal: AbortSignal): Promise<void> {
    const watching: Watching = {
      onFrame: (bytes) => void this.#show(job, bytes, signal),
      onJob: ({ state, ...told }) => {
        if (signal.aborted) return;
        this.#state = told;
        if (state === 'PAUSED') {
          this.#state = { ...told, stage: 'paused' };
          this.#steps = { step: 0, steps: 0 };
        }
        this.#tell();
        if (!hasEnded(state)) return;
        this.#view.tellMaking(null);
        void this.#view.reload();
      },
    };
    if (client.watch !== undefined) {
      client.watch(job, watching, signal);
      return;
    }
    // Where no socket can be had, the job is asked for; its map is then shown when it is done.
    try {
      await this.#watchBySocket(client, job, watching, signal);
    } catch {
      try {
        watching.onJob((await follow(client, job, watching.onJob, signal)) ?? GONE);
      } catch (error) {
        if (!signal.aborted) this.#view.fail(error);
      }
    }
  }

  async #watchBySocket(client: Client, job: string, { onFrame, onJob }: Watching, signal: AbortSignal): Promise<void> {
    const variables = { job };
    let fetching = false;
    let ended = false;
    const onNextFrame = async (url: string) => {
      if (fetching || this.#busy) return;
      fetching = true;
      // One that is gone was overtaken by the end of the job.
      const bytes = await client.bytes(url, undefined, signal).catch(() => null);
      fetching = false;
      if (bytes !== null) onFrame(bytes);
    };
    await subscribe(
      client.endpoint,
      client.headers(),
      [
        {
          ...{ query: watchDocuments.job, variables },
          onNext(data) {
            const { job: told }: { job: Pick<OpenJob, 'state' | 'stage' | 'progress'> } = Object(data);
            ended = hasEnded(told.state);
            onJob(told);
          },
        },
        {
          ...{ query: watchDocuments.frames, variables },
          onNext(data) {
            const { projectionFrames }: { projectionFrames: { url: string } } = Object(data);
            void onNextFrame(projectionFrames.url);
          },
        },
      ],
      signal,
    );
    if (!ended && !signal.aborted) throw new Error('The server told of no end.');
  }

  async #show(job: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#busy || signal.aborted) return;
    this.#busy = true;
    try {
      const { coordinates, step, steps } = frameFromBytes(bytes);
      this.#steps = { step, steps };
      this.#tell();
      const { map } = this.#view;
      if (map?.names.job !== job) this.#view.follow(job);
      const points = map?.names.job === job ? pointsOfFrame(map.points, coordinates) : null;
      if (points !== null) await this.#view.move(points);
    } finally {
      this.#busy = false;
    }
  }

  #tell(): void {
    this.#view.tellMaking({ ...this.#state, ...this.#steps });
  }
}
