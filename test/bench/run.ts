/**
 * `npm run bench`: what has been promised, measured, each figure against the raw way in the same run.
 *
 *     npm run bench                     all, as a table
 *     npm run bench -- nearest points   some
 *     npm run bench -- --json           a line of JSON per figure
 *
 * Ends with 1 when a promise is not kept. See README.md.
 */
import { clustersBench } from './clusters.ts';
import { elementBench } from './element.ts';
import { type Figure, isMet, toJsonLine, toTable } from './figures.ts';
import { gemmBench } from './gemm.ts';
import { gpuBench } from './gpu.ts';
import { gpuGraphsBench } from './gpuGraphs.ts';
import { graphsBench, graphsLongBench } from './graphs.ts';
import { importBench } from './import.ts';
import { loopBench } from './loop.ts';
import { modelsBench } from './models.ts';
import { nearestBench } from './nearest.ts';
import { engines } from './places.ts';
import { placingBench } from './placing.ts';
import { pointsBench } from './points.ts';
import { neighborsBench, tsneBench, umapBench } from './projections.ts';
import { wordsBench } from './words.ts';

const benches: Readonly<Record<string, (report: (figure: Figure) => void) => Promise<void>>> = {
  import: importBench,
  nearest: nearestBench,
  points: pointsBench,
  loop: loopBench,
  element: elementBench,
  clusters: clustersBench,
  models: modelsBench,
  gemm: gemmBench,
  gpu: gpuBench,
  'gpu-graphs': gpuGraphsBench,
  'projections-umap': umapBench,
  'projections-tsne': tsneBench,
  'projections-neighbors': neighborsBench,
  'projections-placing': placingBench,
  graphs: graphsBench,
  words: wordsBench,
  'trained-graphs': graphsLongBench,
};
/** Takes hours: only when it is named. */
const unasked = new Set(['trained-graphs']);

const given = process.argv.slice(2);
const json = given.includes('--json');
const names = given.filter((name) => name !== '--json');
/** `projections` stands for all whose names begin so. */
const stands = (name: string, bench: string) => bench === name || bench.startsWith(`${name}-`);
const unknown = names.find((name) => !Object.keys(benches).some((bench) => stands(name, bench)));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}". There are ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
if (!engines.includes('postgres')) console.error('TEST_DATABASE_URL is not set: measured on PGlite only.');

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  const asked = unasked.has(name) ? names.includes(name) : names.some((given) => stands(given, name));
  if (names.length > 0 ? !asked : unasked.has(name)) continue;
  if (!json) console.error(`${name} …`);
  await bench((figure) => {
    figures.push(figure);
    if (json) console.log(toJsonLine(figure));
  });
}
if (!json) console.log(toTable(figures));
process.exitCode = figures.every(isMet) ? 0 : 1;
