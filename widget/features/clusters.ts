/**
 * Groups that the server has found: their labels on the map, at the size that suits the camera, and a list of them. A click in
 * the list makes the items of a group stand out, and shows them large.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { ClusteringDetail, ClusterSummary } from '../answers.ts';
import type { Client } from '../client.ts';
import { TaskController } from '../controllers/taskController.ts';
import { type Label, type LabelLayer, type PlacedLabel, placeLabels } from '../labels.ts';
import type { LoadedMap } from '../loadMap.ts';
import { chooseClustering, type Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { renderPanelHeader } from '../panels/results.ts';
import { placeInWorld } from '../points.ts';
import type { Shape } from '../renderer/overlay.ts';
import type { Feature, MapView, MarkColors } from './feature.ts';
import { renderPanelTool } from './panelTool.ts';

const FONT_WEIGHT = 600;
/** Letters of this height are measured; widths grow in proportion. */
const MEASURED_PX = 100;

/** What has come, and of which map its places are. */
interface Fetched {
  readonly projection: string;
  readonly clustering: ClusteringDetail | null;
}

/** A cluster that was chosen: its points are known once their column has come. */
interface Chosen {
  readonly cluster: ClusterSummary;
  readonly indices: Uint32Array | null;
}

export class ClustersFeature implements Feature {
  readonly label = 'Groups';
  readonly #view: MapView;
  readonly #task: TaskController<readonly [Client, string, string, string, string], Fetched>;
  /** From the finest to the coarsest; empty: nothing to show. */
  #layers: readonly LabelLayer[] = [];
  #chosen: Chosen | null = null;
  #choosing: AbortController | null = null;

  constructor(view: MapView) {
    this.#view = view;
    this.#task = new TaskController(view, {
      arguments: () => {
        const { map, names } = view;
        const clustering = map === null || names === null ? null : chooseClustering(names, view.clusters);
        if (map === null || clustering === null) return null;
        // The map that is shown, which may not yet be the one that is asked for.
        return [map.client, map.names.dataset, clustering, map.names.projection, map.file.version];
      },
      run: async ([client, dataset, clustering, projection], signal) => ({
        projection,
        clustering: await client.clustering(dataset, clustering, projection, signal),
      }),
      onComplete: () => this.#arrived(),
      onError: (error) => {
        this.#layers = [];
        view.fail(error);
      },
    });
  }

  renderTool(_map: LoadedMap, names: Names): TemplateResult | null {
    if (chooseClustering(names, this.#view.clusters) === null) return null;
    return renderPanelTool(this.#view, this, icons.clusters);
  }

  renderPanel(_map: LoadedMap, names: Names): TemplateResult | null {
    const clustering = this.#shown(names);
    const about = clustering === null ? 'Loading …' : describeClustering(clustering);
    return html`${renderPanelHeader(this.label, about, this.#view.close)}
      ${
        clustering === null || clustering.clusters.length === 0
          ? nothing
          : this.#view.more.now?.renderClusters(
              clustering.clusters,
              this.#chosen?.cluster ?? null,
              (cluster) => void this.#choose(cluster),
            )
      }`;
  }

  emphasis(): Uint32Array | null {
    return this.#chosen?.indices ?? null;
  }

  /** The labels that are on the screen. */
  labels(font: string): readonly PlacedLabel[] {
    const { map, stage, names } = this.#view;
    if (map === null || names === null || this.#shown(names) === null) return [];
    return placeLabels(this.#layers, stage.camera, stage.size, (text) => widthOf(text, font));
  }

  shapes({ ink, ground, font }: MarkColors): readonly Shape[] {
    return this.labels(font).map(
      ({ text, x, y, fontPx }): Shape => ({
        kind: 'text',
        ...{ text, x, y, color: ink, halo: ground },
        font: `${FONT_WEIGHT} ${fontPx.toFixed(1)}px ${font}`,
      }),
    );
  }

  closed(): void {
    this.#forget();
  }

  clear(): void {
    this.#forget();
  }

  loaded(map: LoadedMap): void {
    if (!map.sameItems) this.#forget();
    this.#layers = layersOf(map, this.#task.value);
  }

  /** What has come, where it is of the map that is shown. */
  #shown({ dataset }: Names): ClusteringDetail | null {
    const { map, names } = this.#view;
    if (map === null || names === null || chooseClustering(names, this.#view.clusters) === null) return null;
    if (this.#task.status !== 'complete' || map.names.dataset !== dataset) return null;
    return this.#task.value?.clustering ?? null;
  }

  #arrived(): void {
    const { map } = this.#view;
    this.#layers = map === null ? [] : layersOf(map, this.#task.value);
    this.#forget();
    this.#view.refresh();
  }

  #forget(): void {
    this.#choosing?.abort();
    this.#chosen = null;
  }

  /** Its points stand out, and are shown large; chosen again, all are as before. */
  async #choose(cluster: ClusterSummary): Promise<void> {
    const { map } = this.#view;
    const more = this.#view.more.now;
    const clustering = this.#task.value?.clustering ?? null;
    const again = this.#chosen?.cluster === cluster;
    this.#forget();
    if (map === null || more === null || clustering === null || again) {
      this.#view.refresh();
      return;
    }
    this.#chosen = { cluster, indices: null };
    more.zoomToCluster(this.#view, map, cluster);
    this.#view.announce(`${cluster.label}: ${Number(cluster.size).toLocaleString()} items`);
    this.#view.refresh();
    const choosing = new AbortController();
    this.#choosing = choosing;
    try {
      const indices = await more.membersOf(map, clustering.name, cluster, choosing.signal);
      if (indices === null) return;
      this.#chosen = { cluster, indices };
      this.#view.refresh();
    } catch (error) {
      if (!choosing.signal.aborted) this.#view.fail(error);
    }
  }
}

function describeClustering({ method, clusters, noiseCount, stale }: ClusteringDetail): string {
  const noise = Number(noiseCount);
  const parts = [
    `${clusters.length.toLocaleString()} ${clusters.length === 1 ? 'group' : 'groups'} by ${method === 'KMEANS' ? 'k-means' : method}`,
    ...(noise > 0 ? [`${noise.toLocaleString()} items in none`] : []),
    ...(stale ? ['out of date'] : []),
  ];
  return parts.join(', ');
}

/** The layers with their labels in the world; the clustering itself where it has none; nothing while the places are another map's. */
function layersOf(map: LoadedMap, fetched: Fetched | null): LabelLayer[] {
  const isOf = fetched?.projection === map.names.projection && map.names.job === null;
  if (fetched === null || fetched.clustering === null || !isOf) return [];
  const { clustering } = fetched;
  const labelsOf = (clusters: readonly ClusterSummary[]): LabelLayer =>
    clusters.flatMap(({ label, size, place }): Label[] =>
      place === null || place.center.length !== map.points.components
        ? []
        : [
            {
              text: label,
              size: Number(size),
              center: placeInWorld(map.points, place.center),
              lower: placeInWorld(map.points, place.lower),
              upper: placeInWorld(map.points, place.upper),
            },
          ],
    );
  const layers = clustering.layers.map(({ clusters }) => labelsOf(clusters)).filter((layer) => layer.length > 0);
  return layers.length > 0 ? layers : [labelsOf(clustering.clusters)];
}

const widths = new Map<string, number>();
let measuring: CanvasRenderingContext2D | null = null;

/** The width of a text in letters of 1 px. */
function widthOf(text: string, font: string): number {
  const key = `${font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    measuring ??= document.createElement('canvas').getContext('2d');
    if (measuring === null) return text.length * 0.6;
    measuring.font = `${FONT_WEIGHT} ${MEASURED_PX}px ${font}`;
    width = measuring.measureText(text).width / MEASURED_PX;
    widths.set(key, width);
  }
  return width;
}
