/** What the element asks from the first: the documents of `client.ts`, and parts that the server's own pages ask, too. */

/** Of a map, without its points. */
export const projectionFields = `name method components metric seed parameters device milliseconds explainedVariance stale version createdAt
      quality { trustworthiness continuity neighborRecall tripletAccuracy rankCorrelation neighbors sample columns }`;

/** What is in the making. */
export const jobsField = 'jobs { id kind state stage progress map { embedding name method components } }';

export const clusteringsField = 'clusterings { name embedding { name } projection { name } }';

/** Every document, so that a test can hold them against the schema. */
export const documents = {
  dataset: `query MapDataset($dataset: String!) {
  dataset(slug: $dataset) {
    slug title description kind licence source itemCount fields { name type }
    embeddings {
      name dimension metric itemCount model { name description }
      projections { ${projectionFields} }
      accepts layer layerDepth
      classifications { name labels templates column probabilityColumns }
      comparisons { column meanOverlap neighbors embedding { name } other { name } }
    }
    ${clusteringsField}
    ${jobsField}
  }
  server { mayChange }
}`,
  news: `query MapNews($dataset: String!) {
  dataset(slug: $dataset) {
    embeddings { name projections { name components version } } clusterings { name embedding { name } } jobs { id map { name } }
  }
}`,
  clustering: `query MapClustering($dataset: String!, $clustering: String!, $projection: String!) {
  dataset(slug: $dataset) {
    clustering(name: $clustering) {
      name method noiseCount stale
      clusters(first: 300) { ...cluster }
      layers { clusters(first: 300) { ...cluster } }
    }
  }
}
fragment cluster on Cluster {
  number label size terms { term } traits { field value share } place(projection: $projection) { center lower upper }
}`,
  points: `query MapPoints($dataset: String!, $embedding: String!, $projection: String!, $columns: [String!]!) {
  dataset(slug: $dataset) {
    embedding(name: $embedding) {
      projection(name: $projection) { points(columns: $columns) { count url mediaType version } }
    }
  }
}`,
  item: `query MapItem($dataset: String!, $key: String!, $size: Int!) {
  dataset(slug: $dataset) { item(key: $key) { key label fields image(size: $size) { url width height } } }
}`,
  nearest: `query MapNearest(
  $dataset: String!, $embedding: String!, $to: Target!, $first: Int!, $metric: Metric, $combine: SumMethod! = ADD
) {
  dataset(slug: $dataset) {
    embedding(name: $embedding) {
      nearest(to: $to, first: $first, search: { metric: $metric, combine: $combine }) {
        edges { rank distance similarity node { key label image(size: 64) { url width height } } }
        search { method exact metric complete milliseconds }
      }
    }
  }
}`,
  search: `query MapSearch($dataset: String!, $first: Int!, $filter: Filter!) {
  dataset(slug: $dataset) { items(first: $first, filter: $filter) { totalCount nodes { key label image(size: 64) { url width height } } } }
}`,
} as const;
