/** Metrics as people read them. */
export const metricNames = {
  COSINE: 'cosine distance',
  EUCLIDEAN: 'Euclidean distance',
  INNER_PRODUCT: 'inner product',
} as const;
