// Everything that the CPU backend can run, as one WebAssembly module. Pointers are byte offsets into the shared memory.
export { pack, rerank, scores, search, selectPairs, squaredNorms } from './knn';
export { beyond, crossProducts, gram, project, wideProducts } from './gram';
export { umapEpoch, umapEpochWide } from './layout';
export { densityForces, densitySums } from './density';
export { gridColumns, gridFields, gridForces, gridRows, gridSort } from './tsneGrid';
export { treeBuild, treeForces } from './tsneTree';
export { tsneStep } from './tsneStep';
export { pairsStep } from './pairs';
export { kgeBackward, kgeCount, kgeSampled, kgeScores, kgeUpdate, kgeUpdateRows } from './kge';
export { kgeAnswers } from './kgeAnswers';
export { clusterSums } from './clusters';
export { least, negate, scan, sphereBounds, within } from './scan';
export { descend, forestJoin, forestLevel } from './forest';
export { cbowInputs, cbowOutputs, skipGram, subsample } from './word2vec';
export { conditionals, joinRows, memberships, transposeCount, transposeFill } from './neighborGraph';
