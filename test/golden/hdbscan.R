# Reference numbers for test/server/kernels/hdbscan/hdbscan.test.ts. See README.md in this folder.
suppressMessages(library(dbscan))
set.seed(3)
# Two wide clouds, two dense ones close to each other, and noise.
points <- round(rbind(
  cbind(rnorm(40, 0, .6), rnorm(40, 0, .6)),
  cbind(rnorm(50, 4, .4), rnorm(50, 1, .9)),
  cbind(rnorm(30, 2, .2), rnorm(30, 5, .2)),
  cbind(rnorm(25, 2.9, .2), rnorm(25, 5.2, .2)),
  cbind(runif(35, -4, 8), runif(35, -4, 8))), 3)
# Its clusters keep their last points longer than the paper's, which end when they have fewer than minPts. With 2 both agree;
# so all is compared with 2, and with 6 the lengths alone.
found <- hdbscan(points, minPts = 2)
numbers <- function(x) paste0("[", paste(format(x, digits = 15, scientific = FALSE, trim = TRUE), collapse = ","), "]")
cat("{\"versions\":{\"R\":\"", as.character(getRversion()), "\",\"dbscan\":\"", as.character(packageVersion("dbscan")), "\"}",
  ",\n\"points\":", numbers(t(points)),
  ",\n\"lengths2\":", numbers(found$hc$height),
  ",\n\"lengths6\":", numbers(hdbscan(points, minPts = 6)$hc$height),
  ",\n\"clusters\":", numbers(found$cluster),
  ",\n\"stabilities\":", numbers(unname(found$cluster_scores)),
  "}\n", sep = "")
