"""Reference numbers for test/server/kernels/{pca,quality}.test.ts. See README.md in this folder."""
import json

import numpy as np
import scipy
import sklearn
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

NEIGHBORS = 7
random = np.random.RandomState(5)
# Four clouds of different shape, far enough apart that a map in two components folds some of them together.
centers = random.normal(size=(4, 6)) * 3
rows = np.concatenate([center + random.normal(size=(20, 6)) * random.uniform(0.3, 2, size=6) for center in centers])
rows = np.round(rows, 3).astype(np.float32)
pca = PCA(n_components=3, svd_solver="full").fit(rows.astype(np.float64))
map2 = np.round(pca.transform(rows.astype(np.float64))[:, :2], 3).astype(np.float32)


def recall(metric):
    near = NearestNeighbors(n_neighbors=NEIGHBORS, metric=metric, algorithm="brute").fit(rows).kneighbors(return_distance=False)
    near_map = NearestNeighbors(n_neighbors=NEIGHBORS).fit(map2).kneighbors(return_distance=False)
    return float(np.mean([len(set(a) & set(b)) / NEIGHBORS for a, b in zip(near, near_map)]))


def rank_correlation(metric):
    return float(spearmanr(pdist(rows.astype(np.float64), metric), pdist(map2.astype(np.float64)))[0])


print(json.dumps({
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "neighbors": NEIGHBORS,
    "columns": rows.shape[1],
    "rows": [round(float(value), 3) for value in rows.ravel()],
    "map": [round(float(value), 3) for value in map2.ravel()],
    "explainedVariance": pca.explained_variance_.tolist(),
    "explainedVarianceRatio": pca.explained_variance_ratio_.tolist(),
    "loadings": pca.components_.ravel().tolist(),
    "euclidean": {
        "trustworthiness": trustworthiness(rows, map2, n_neighbors=NEIGHBORS),
        "continuity": trustworthiness(map2, rows, n_neighbors=NEIGHBORS),
        "neighborRecall": recall("euclidean"),
        "rankCorrelation": rank_correlation("euclidean"),
    },
    "cosine": {
        "trustworthiness": trustworthiness(rows, map2, n_neighbors=NEIGHBORS, metric="cosine"),
        "neighborRecall": recall("cosine"),
        "rankCorrelation": rank_correlation("cosine"),
    },
}))
