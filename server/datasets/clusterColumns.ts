/**
 * What clusterings give the items beside their fields: `clusters.NAME`, the label of an item's cluster, `clusters.NAME#2`,
 * the same in the second layer, and `probability.NAME`. They are columns of points and subjects of filters. A field of the
 * data set that has such a name itself comes first.
 */
import type { FieldType } from './datasets.ts';

/** A clustering, as far as its columns need it known. */
export interface ClusteringColumns {
  readonly id: number;
  /** Unique in the data set. */
  readonly name: string;
  /** Rises each time it is made anew. */
  readonly version: number;
  /** Layers beside the clustering itself. */
  readonly layers: number;
}

export interface ClusterColumn {
  readonly clustering: ClusteringColumns;
  readonly part: 'label' | 'probability';
  /** 0: the clustering itself. */
  readonly layer: number;
  readonly type: FieldType;
}

/** The column of that name, or null. */
export function findClusterColumn(clusterings: readonly ClusteringColumns[], name: string): ClusterColumn | null {
  const found = /^(clusters|probability)\.(.*?)(?:#([1-9]\d?))?$/s.exec(name);
  if (found === null) return null;
  const [, part, ofLayer = '', digits] = found;
  const whole = digits === undefined ? ofLayer : `${ofLayer}#${digits}`;
  const named = (wanted: string) => clusterings.find((clustering) => clustering.name === wanted);
  if (part === 'probability') {
    const clustering = named(whole);
    return clustering === undefined ? null : { clustering, part, layer: 0, type: 'NUMBER' };
  }
  const clustering = named(whole);
  if (clustering !== undefined) return { clustering, part: 'label', layer: 0, type: 'CATEGORY' };
  const layered = named(ofLayer);
  const layer = Number(digits);
  return layered === undefined || !(layer <= layered.layers)
    ? null
    : { clustering: layered, part: 'label', layer, type: 'CATEGORY' };
}

/** The names of all columns, layers left out: what a mistyped one is compared with. */
export function clusterColumnNames(clusterings: readonly ClusteringColumns[]): string[] {
  return clusterings.flatMap(({ name }) => [`clusters.${name}`, `probability.${name}`]);
}

/** The SQL expression of the column's value beside the table `items`; null for items that are in no cluster, or not clustered. */
export function clusterColumnSql({ clustering, part, layer }: ClusterColumn): string {
  const own = `cluster_items.clustering_id = ${integer(clustering.id)} and cluster_items.item_id = items.id`;
  if (part === 'probability') return `(select cluster_items.probability::float8 from cluster_items where ${own})`;
  return `(select clusters.label from cluster_items
            join clusters on clusters.clustering_id = cluster_items.clustering_id and clusters.layer = ${integer(layer)}
             and clusters.number = cluster_items.clusters[${integer(layer + 1)}]
           where ${own})`;
}

function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
  return value;
}
