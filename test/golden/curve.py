"""Parameters a and b of UMAP's curve, for curve.json. Prints JSON."""
import json
import umap
from umap.umap_ import find_ab_params

cases = [(1.0, 0.1), (1.0, 0.5), (1.0, 0.0), (2.0, 0.1), (0.5, 0.25), (1.0, 0.99)]
curves = []
for spread, min_dist in cases:
    a, b = find_ab_params(spread, min_dist)
    curves.append({"spread": spread, "minDist": min_dist, "a": float(a), "b": float(b)})
print(json.dumps({"library": f"umap-learn {umap.__version__}", "curves": curves}, indent=2))
