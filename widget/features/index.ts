/** Everything that the map can do, in the order of its buttons. What few need is fetched when it is first wanted. */
import { layersOf } from '../layers.ts';
import { icons } from '../panels/icons.ts';
import { ClustersFeature } from './clusters.ts';
import type { Feature, MapView } from './feature.ts';
import { hasNames } from './hasNames.ts';
import { LaterFeature } from './later.ts';
import { NeighborsFeature } from './neighbors.ts';
import { SearchFeature } from './search.ts';
import { SelectionFeature } from './selection.ts';

export interface Features {
  readonly all: readonly Feature[];
  /** Those that the element asks for something: its properties and gestures are theirs, too. */
  readonly search: SearchFeature;
  readonly neighbors: NeighborsFeature;
  readonly selection: SelectionFeature;
  readonly clusters: ClustersFeature;
}

export function createFeatures(view: MapView): Features {
  const search = new SearchFeature(view);
  const neighbors = new NeighborsFeature(view);
  const selection = new SelectionFeature(view);
  const clusters = new ClustersFeature(view);
  const all = [
    new LaterFeature(view, {
      ...{ name: 'graph', label: 'Relations', icon: icons.graph },
      applies: ({ summary }) => summary.kind === 'GRAPH',
    }),
    clusters,
    new LaterFeature(view, {
      ...{ name: 'analogy', label: 'Analogies', icon: icons.analogy },
      applies: (names, map) => map.client.making === undefined && hasNames(map, names),
    }),
    new LaterFeature(view, {
      ...{ name: 'tag', label: 'Tag the selected', icon: icons.tag },
      applies: ({ summary }) => summary.mayChange === true && view.selected.length > 0,
    }),
    search,
    neighbors,
    selection,
    new LaterFeature(view, {
      ...{ name: 'prompts', label: 'Color by prompts', icon: icons.prompts },
      applies: ({ embeddingSummary }) => embeddingSummary.accepts?.includes('TEXT') ?? false,
    }),
    new LaterFeature(view, {
      ...{ name: 'layers', label: 'Layers', icon: icons.layers },
      applies: (names) => layersOf(names).length > 1,
    }),
    new LaterFeature(view, {
      ...{ name: 'compare', label: 'Compare embeddings', icon: icons.compare },
      applies: ({ summary }) => summary.embeddings.length > 1,
    }),
    new LaterFeature(view, {
      ...{ name: 'maps', label: 'New map', icon: icons.maps },
      applies: ({ summary }) => summary.mayChange === true || (summary.jobs ?? []).some(({ map }) => map !== null),
      wanted: ({ projectionSummary }) => projectionSummary.making !== undefined,
    }),
    new LaterFeature(view, {
      ...{ name: 'captions', label: 'Names and pictures', icon: icons.names },
      applies: (_, map) => map.points.count > 0,
      wanted: () => view.captions,
    }),
    new LaterFeature(view, {
      ...{ name: 'info', label: 'About this map', icon: icons.info },
      applies: () => true,
    }),
  ];
  return { all, search, neighbors, selection, clusters };
}
