/** A missing link asked for by name, through GraphQL over HTTP, beside the bare comparison of one question with all entities. */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { createAnswerer } from '#kernels/kge/answerer.ts';
import { createParameters } from '#kernels/kge/parameters.ts';
import { queryOf } from '#kernels/kge/score.ts';
import type { Database } from '../../server/database/database.ts';
import { requireDataset } from '../../server/datasets/datasets.ts';
import type { ImportInput } from '../../server/datasets/importFiles.ts';
import { replaceGraphModel } from '../../server/graphs/graphModels.ts';
import { readTriples } from '../../server/graphs/graphs.ts';
import { alternate, median } from './alternate.ts';
import type { Figure } from './figures.ts';
import { doJob, engines, type Place, withDatabase, withPlace } from './places.ts';
import { askGraphql, withServer } from './server.ts';

const FIRST = 10;
const ROUNDS = 100;
/** As a ComplEx of 100 complex numbers has it. What the numbers are makes no difference to the time. */
const SHAPE = { model: 'COMPLEX', dimension: 200, seed: 1 } as const;
const RELATION = '_hypernym';

const document = `query Links($head: String!, $relation: String!, $first: Int!) {
  dataset(slug: "wn18rr") {
    graphModel(name: "bench") {
      predictLinks(head: $head, relation: $relation, first: $first) {
        milliseconds
        edges { rank score probability known node { key label } }
      }
    }
  }
}`;

interface Answered {
  readonly dataset: {
    readonly graphModel: {
      readonly predictLinks: { readonly milliseconds: number; readonly edges: readonly unknown[] };
    };
  };
}

const folder = fileURLToPath(new URL('../../../shared/data/kg/wn18rr/', import.meta.url));

export async function linksBench(report: (figure: Figure) => void): Promise<void> {
  for (const engine of engines) {
    await withPlace(engine, async (place) => {
      const heads = await withDatabase(place, (database) => prepare(database, place));
      const parameters = createParameters(heads.entityCount, heads.relationCount, SHAPE);
      const { answer } = await createAnswerer(parameters);
      await withServer(place, async (server) => {
        const inServer: number[] = [];
        let [asked, scanned] = [0, 0];
        const { ours, raw } = await alternate(
          {
            ours: async () => {
              const head = heads.keys[asked++ % heads.keys.length];
              const { data, wholeMs } = await askGraphql<Answered>(server, document, {
                head,
                relation: RELATION,
                first: FIRST,
              });
              const { milliseconds, edges } = data.dataset.graphModel.predictLinks;
              if (edges.length !== FIRST) throw new Error('Too few links were predicted.');
              inServer.push(milliseconds);
              return wholeMs;
            },
            raw: async () => {
              const query = queryOf(parameters, 'TAIL', scanned++ % heads.entityCount, 0);
              if (query === null) throw new Error('There is no such query.');
              const begun = performance.now();
              await answer(query);
              return performance.now() - begun;
            },
          },
          ROUNDS,
        );
        const what = `${FIRST} links among ${heads.entityCount} x ${SHAPE.dimension}`;
        const common = { bench: 'graphs', engine, raw, unit: 'ms' } as const;
        report({
          ...common,
          what: `${what}: the answer`,
          value: median(inServer.slice(-ROUNDS)),
          target: { atMost: 10 },
        });
        report({ ...common, what: `${what}: over HTTP`, value: ours, target: null });
      });
    });
  }
}

/** WN18RR with a model whose vectors are chance. @returns keys to ask for */
async function prepare(database: Database, place: Place) {
  const paths = (await readdir(folder)).filter((name) => /^(train|valid|test|entities|relations)\./.test(name));
  const input: ImportInput = { dataset: 'wn18rr', kind: 'GRAPH', paths: paths.map((name) => folder + name) };
  await doJob(database, place, { kind: 'IMPORT_DATASET', input });
  const dataset = await requireDataset(database, 'wn18rr');
  const { entityIds, entityKeys, relationIds } = await readTriples(database, dataset.id);
  const [entityCount, relationCount] = [entityIds.length, relationIds.length];
  await database.transaction((transaction) =>
    replaceGraphModel(transaction, {
      ...{ datasetId: dataset.id, name: 'bench', preset: null, settings: {}, kind: SHAPE.model, seed: SHAPE.seed },
      ...{
        judgement: null,
        curve: [],
        best: null,
        trials: [],
        milliseconds: 0,
        device: null,
        matrixLibrary: null,
        datasetVersion: dataset.version,
      },
      ...{
        parameters: createParameters(entityCount, relationCount, SHAPE),
        entityIds,
        relationIds: Array.from(relationIds),
      },
    }),
  );
  return { entityCount, relationCount, keys: entityKeys.slice(0, 100) };
}
