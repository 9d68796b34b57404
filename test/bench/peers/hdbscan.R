# HDBSCAN by R's dbscan for test/bench/clusters.ts: FILE COLUMNS SIZE -> milliseconds and the number of clusters, as JSON.
suppressMessages(library(dbscan))
given <- commandArgs(trailingOnly = TRUE)
columns <- as.integer(given[2])
size <- file.info(given[1])$size / 4
rows <- matrix(readBin(given[1], "numeric", n = size, size = 4, endian = "little"), ncol = columns, byrow = TRUE)
began <- proc.time()[["elapsed"]]
found <- hdbscan(rows, minPts = as.integer(given[3]))
milliseconds <- 1000 * (proc.time()[["elapsed"]] - began)
cat("{\"milliseconds\":", milliseconds, ",\"clusters\":", length(found$cluster_scores), "}\n", sep = "")
