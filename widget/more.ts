/** The second file: what `loadMore.ts` fetches. It shares no objects with the first but those that it is given. */
import { AnalogyFeature } from './features/analogy.ts';
import { CaptionsFeature } from './features/captions.ts';
import { CompareFeature } from './features/compare.ts';
import type { Feature, MapView } from './features/feature.ts';
import { GraphFeature } from './features/graph.ts';
import { InfoFeature } from './features/info.ts';
import { LayersFeature } from './features/layers.ts';
import { MapsFeature } from './features/maps.ts';
import { PromptsFeature } from './features/prompts.ts';
import { TagFeature } from './features/tag.ts';
import { formStyles } from './panels/formStyles.ts';
import { infoStyles } from './panels/infoStyles.ts';
import { listStyles } from './panels/listStyles.ts';
import { makingStyles } from './panels/makingStyles.ts';
import { scaleStyles } from './panels/scaleStyles.ts';

export { download } from './download.ts';
export { membersOf, zoomToCluster } from './features/chosenCluster.ts';
export { place, pointsInTheMaking } from './laterQueries.ts';
export { openPageClient, type PageClient } from './pageClient.ts';
export { renderClusters } from './panels/clusters.ts';
export { renderScale } from './panels/scale.ts';
export { renderSelectedActions } from './panels/selected.ts';
export { toDataUrl } from './picture.ts';
export { pointsInPolygon } from './polygon.ts';
export { createPointsRenderer } from './renderer/pointsRenderer.ts';

/** Features that are fetched when they are first used, by the names that `LaterFeature` knows them by. */
export const features = {
  analogy: (view) => new AnalogyFeature(view),
  captions: (view) => new CaptionsFeature(view),
  compare: (view) => new CompareFeature(view),
  graph: (view) => new GraphFeature(view),
  info: (view) => new InfoFeature(view),
  layers: (view) => new LayersFeature(view),
  maps: (view) => new MapsFeature(view),
  prompts: (view) => new PromptsFeature(view),
  tag: (view) => new TagFeature(view),
} as const satisfies Readonly<Record<string, (view: MapView) => Feature>>;

/** Put beside those of the element when it comes. */
export const moreStyles = [scaleStyles, listStyles, formStyles, makingStyles, infoStyles].join('\n');
