"""k-means by scikit-learn for test/bench/clusters.ts: FILE COLUMNS CLUSTERS -> milliseconds and the sum of squares, as JSON."""
import json
import sys
import time

import numpy as np
from sklearn.cluster import KMeans

file, columns, clusters = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rows = np.fromfile(file, dtype="<f4").reshape(-1, columns)
began = time.perf_counter()
found = KMeans(n_clusters=clusters, n_init=1, max_iter=100, random_state=0).fit(rows)
print(json.dumps({"milliseconds": 1000 * (time.perf_counter() - began), "inertia": float(found.inertia_)}))
