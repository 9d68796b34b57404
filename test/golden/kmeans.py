"""Reference numbers for test/server/kernels/kmeans/kmeans.test.ts. See README.md in this folder."""
import json

import numpy as np
import sklearn
from sklearn.cluster import KMeans

random = np.random.RandomState(7)
centers = random.normal(size=(6, 5)) * 4
rows = np.round(np.concatenate([center + random.normal(size=(30, 5)) for center in centers]), 3).astype(np.float32)
best = KMeans(n_clusters=6, n_init=50, tol=0, random_state=0).fit(rows.astype(np.float64))
print(json.dumps({
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
    "clusters": 6,
    "columns": rows.shape[1],
    "rows": [round(float(value), 3) for value in rows.ravel()],
    "labels": best.labels_.tolist(),
    "inertia": float(best.inertia_),
}))
