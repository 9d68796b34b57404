/**
 * The benchmark gpu-graphs by itself, to be bundled for a machine that has a card and little else. It wants the package `webgpu` beside it,
 * and the graphs in GRAPHS_DIR:
 *
 *     npx esbuild test/bench/gpuGraphs.process.ts --bundle --platform=node --format=esm --external:webgpu --outfile=gpu-graphs.mjs
 *     GRAPHS_DIR=kg GPU_GRAPHS_SECONDS=300 node gpu-graphs.mjs
 */
import { type Figure, isMet, toTable } from './figures.ts';
import { gpuGraphsBench } from './gpuGraphs.ts';

const figures: Figure[] = [];
await gpuGraphsBench((figure) => {
  figures.push(figure);
  console.error(toTable([figure]).split('\n')[1]);
});
console.log(toTable(figures));
// Dawn would keep the process.
process.exit(figures.every(isMet) ? 0 : 1);
