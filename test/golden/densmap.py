"""Reference numbers for test/server/kernels/umap/density.test.ts. See README.md in this folder."""
import json
import warnings

import numpy as np
import umap
from sklearn.neighbors import NearestNeighbors

warnings.filterwarnings("ignore")
NEIGHBORS = 15
SEEDS = 2
random = np.random.RandomState(7)
# Clouds that differ in how dense they are by a factor of ten, and within themselves: the radius of each row is drawn, too.
centers = random.normal(size=(4, 5)) * 6
rows = np.concatenate([
    center + random.normal(size=(150, 5)) * spread * np.exp(0.5 * random.normal(size=(150, 1)))
    for center, spread in zip(centers, [0.2, 0.5, 1, 2])
])
rows = np.round(rows, 3).astype(np.float32)


def neighbors(points):
    return NearestNeighbors(n_neighbors=NEIGHBORS + 1).fit(points).kneighbors(return_distance=False)[:, :NEIGHBORS]


def measure(densmap, seed):
    model = umap.UMAP(n_neighbors=NEIGHBORS, densmap=densmap, output_dens=True, random_state=seed)
    points, radii, radii_on_map = model.fit_transform(rows)
    shared = [len(set(a) & set(b)) / NEIGHBORS for a, b in zip(neighbors(rows), neighbors(points))]
    return [float(np.corrcoef(radii, radii_on_map)[0, 1]), float(np.mean(shared))]


def result(densmap):
    correlation, recall = np.mean([measure(densmap, seed) for seed in range(SEEDS)], axis=0)
    return {"correlation": round(float(correlation), 4), "neighborRecall": round(float(recall), 4)}


print(json.dumps({
    "versions": {"umap-learn": umap.__version__, "numpy": np.__version__},
    "neighbors": NEIGHBORS,
    "columns": rows.shape[1],
    "rows": [round(float(value), 3) for value in rows.ravel()],
    "umap": result(False),
    "densmap": result(True),
}))
