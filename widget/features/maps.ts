/** Maps in the making, with what is measured as they are made, and a form for a new one, which is shown on its way. */
import { html, nothing, type TemplateResult } from 'lit';

import { movingMethods } from '#kernels/perturb.ts';
import type { OpenJob } from '../answers.ts';
import type { Client } from '../client.ts';
import { JobController } from '../controllers/jobController.ts';
import { MakingController } from '../controllers/makingController.ts';
import { TaskController } from '../controllers/taskController.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { type Curve, renderCurve } from '../panels/curve.ts';
import { icons } from '../panels/icons.ts';
import { renderPanelHeader } from '../panels/results.ts';
import type { Feature, MapView } from './feature.ts';
import { NewMapForm } from './newMapForm.ts';
import { renderPanelTool } from './panelTool.ts';

/** Held against the schema by a test. */
export const mapsDocuments = {
  jobs: `query MapJobs($dataset: String!) {
  dataset(slug: $dataset) {
    jobs {
      id kind state stage progress map { embedding name method components }
      curves { name points { at value } }
    }
  }
}`,
  project: `mutation MapProject($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }`,
  cancel: `mutation MapCancel($job: ID!) { cancelJob(id: $job) { job { id } } }`,
  pause: `mutation MapPause($job: ID!) { pauseJob(id: $job) { job { id } } }`,
  perturb: `mutation MapPerturb($job: ID!) { perturbProjection(job: $job) { job { id } } }`,
  resume: `mutation MapResume($job: ID!) { resumeJob(id: $job) { job { id } } }`,
} as const;

/** What can be done with a map in the making. */
type Change = 'pause' | 'resume' | 'cancel' | 'perturb';

interface WatchedJob extends OpenJob {
  readonly curves: readonly Curve[];
}

const LOOK_MS = 1000;

export class MapsFeature implements Feature {
  readonly label = 'New map';
  readonly ofMap = true;
  readonly #view: MapView;
  readonly #form: NewMapForm;
  readonly #looking: TaskController<readonly [Client, string, number], readonly WatchedJob[]>;
  /** Raised each second while the panel is open. */
  #look = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #error: unknown = null;

  constructor(view: MapView) {
    this.#view = view;
    this.#form = new NewMapForm(view);
    new MakingController(view);
    view.addController({ hostDisconnected: () => clearTimeout(this.#timer) });
    this.#looking = new TaskController(view, {
      arguments: () => {
        const { client, names } = view;
        return client === null || names === null || !view.isOpen(this) ? null : [client, names.dataset, this.#look];
      },
      run: ([client, dataset], signal) => this.#ask(client, dataset, signal),
      onComplete: (jobs) => this.#looked(jobs),
      onError: () => this.#looked(null), // the next look may find the server again
    });
  }

  renderTool(_map: LoadedMap, { summary }: Names): TemplateResult | null {
    const making = (summary.jobs ?? []).some(({ map }) => map !== null);
    if (summary.mayChange !== true && !making) return null;
    return renderPanelTool(this.#view, this, icons.maps);
  }

  renderPanel(_map: LoadedMap, names: Names): TemplateResult {
    const jobs = this.#looking.value ?? [];
    const mayChange = names.summary.mayChange === true;
    const mayStop = mayChange || this.#view.client?.making !== undefined;
    // An embedding that is made together with its map has no vectors yet.
    const hasVectors = names.embeddingSummary.dimension > 0;
    const about = mayChange && hasVectors ? `Of ${names.embedding}; it is shown on its way.` : 'Maps in the making';
    return html`${renderPanelHeader(this.label, about, this.#view.close)}
      <div class="body">
        ${jobs.map((job) => this.#renderJob(job, mayStop))}
        ${mayChange && hasVectors ? this.#form.render(names, this.#asking, this.#error, () => void this.#make(names)) : nothing}
      </div>`;
  }

  closed(): void {
    clearTimeout(this.#timer);
  }

  #renderJob({ id, kind, state, stage, progress, map, curves }: WatchedJob, mayChange: boolean): TemplateResult {
    const name = map === null ? '' : `${map.embedding} · ${map.name}`;
    const doing = state === 'QUEUED' ? 'Waiting for a worker' : state === 'PAUSED' ? 'Paused' : (stage ?? 'Beginning');
    const change = (title: string, mutation: Change, hint = '') =>
      html`<button type="button" class="link" title=${hint} @click=${() => void this.#change(id, mutation)}>${title}</button>`;
    const moves =
      state === 'RUNNING' && kind === 'PROJECT_EMBEDDING' && map !== null && movingMethods.includes(map.method);
    return html`<section class="job form top" aria-label="In the making: ${name}">
      <strong>${name}</strong>
      <progress max="1" value=${progress ?? nothing} aria-label=${doing}></progress>
      <p>${doing}${progress === null ? '' : ` · ${Math.round(100 * progress)} %`}</p>
      ${lastOf(curves).map(renderCurve)}
      ${
        mayChange
          ? html`<div class="actions">
              ${state === 'PAUSED' ? change('Go on', 'resume') : change('Pause', 'pause')}
              ${moves ? change('Perturb', 'perturb', 'Pushes the points: do they fall back into the same shape?') : nothing}
              ${change('Cancel', 'cancel')}
            </div>`
          : nothing
      }
    </section>`;
  }

  async #ask(client: Client, dataset: string, signal: AbortSignal): Promise<readonly WatchedJob[]> {
    if (client.making !== undefined) return client.making.map((job) => ({ ...job, curves: [] }));
    interface Answer {
      dataset: { jobs: WatchedJob[] } | null;
    }
    const answer = await client.ask<Answer>(mapsDocuments.jobs, { dataset }, signal);
    return (answer.dataset?.jobs ?? []).filter(({ map }) => map !== null);
  }

  /** A map that has come or gone since is told to all. */
  #looked(jobs: readonly WatchedJob[] | null): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#look++;
      this.#view.requestUpdate();
    }, LOOK_MS);
    const known = (this.#view.names?.summary.jobs ?? []).filter(({ map }) => map !== null);
    const ids = (all: readonly OpenJob[]) => JSON.stringify(all.map(({ id }) => id).sort());
    if (jobs !== null && ids(jobs) !== ids(known)) void this.#view.reload();
    this.#view.requestUpdate();
  }

  async #make(names: Names): Promise<void> {
    const { client } = this.#view;
    if (client === null || this.#asking) return;
    const before = { embedding: names.embedding, projection: names.projection };
    const name = this.#form.nameFor(names).trim();
    interface Answer {
      projectEmbedding: { job: { id: string } };
    }
    this.#asking = true;
    this.#error = null;
    let begun = false;
    // One of its own for each map: the next may be asked for while this one is made.
    const job = new JobController(this.#view);
    const ended = await job.carry(client, 'Asking …', async (signal) => {
      const input = await this.#form.input(client, names);
      const { projectEmbedding } = await client.ask<Answer>(mapsDocuments.project, { input }, signal);
      this.#form.forgetName();
      // The map is known to be in the making before it is asked for.
      await this.#view.reload();
      this.#view.showMap(names.embedding, name);
      this.#look++;
      this.#asking = false;
      begun = true;
      return projectEmbedding.job.id;
    });
    this.#asking = false;
    this.#view.removeController(job);
    if (ended) this.#view.announce('The new map is ready');
    if (job.error !== null) {
      this.#error = job.error;
      // It has come to nothing: the map that was there before is shown again.
      if (begun) this.#view.showMap(before.embedding, before.projection);
    }
    if (ended || job.error !== null) await this.#view.reload();
    this.#view.requestUpdate();
  }

  async #change(job: string, mutation: Change): Promise<void> {
    const { client } = this.#view;
    try {
      if (client?.making === undefined) await client?.ask(mapsDocuments[mutation], { job });
      else if (mutation === 'cancel') client.cancel?.();
      else if (mutation === 'perturb') await client.perturb?.();
      else client.pause?.(mutation === 'pause');
      if (mutation === 'perturb') this.#view.announce('The points are pushed');
    } catch (error) {
      this.#error = error;
    }
    this.#look++;
    this.#view.requestUpdate();
  }
}

/** What was measured of the last settings that are tried, where several are, but for the rate, which was given. */
function lastOf(curves: readonly Curve[]): readonly Curve[] {
  const trialOf = ({ name }: Curve) => Number(/ of trial (\d+)$/.exec(name)?.[1] ?? 1);
  const last = Math.max(...curves.map(trialOf));
  return curves.filter((curve) => trialOf(curve) === last && !curve.name.startsWith('rate'));
}
