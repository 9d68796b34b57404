"""What others take for a map or for neighbours of the vectors in a .npy file, and the map they come to.

    python3 projections.py METHOD vectors.npy map.npy COLUMNS

METHOD: umap (umap-learn, not seeded, so that it may use all cores), tsne (scikit-learn, Barnes-Hut, 1,000 iterations, PCA start)
or neighbors (faiss, exact, 15). The first line on stdout is a JSON object: seconds, and the versions. Compiling is not counted: a
small map is made first.
"""
import json
import os
import sys
import time

import numpy

method, source, out = sys.argv[1:4]
rows = numpy.load(source)
threads = os.cpu_count()

if method == "umap":
    import umap

    def run(x):
        return umap.UMAP(n_neighbors=15, n_jobs=threads).fit_transform(x)

    version = "umap-learn " + umap.__version__
elif method == "tsne":
    import sklearn
    from sklearn.manifold import TSNE

    def run(x):
        return TSNE(n_iter=1000, init="pca", learning_rate="auto", n_jobs=threads, random_state=1).fit_transform(x)

    version = "scikit-learn " + sklearn.__version__
else:
    import faiss

    def run(x):
        index = faiss.IndexFlatL2(x.shape[1])
        index.add(x)
        return index.search(x, 16)[1][:, 1:]

    version = "faiss " + faiss.__version__

run(rows[:500])
begun = time.perf_counter()
found = run(rows)
print(json.dumps({"seconds": time.perf_counter() - begun, "version": version}), flush=True)
numpy.save(out, numpy.ascontiguousarray(found, dtype="<f4"))
