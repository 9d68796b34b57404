/**
 * Texts and pictures: as fast as onnxruntime called bare with the best fixed batch, a layer at the cost of a run up to it, and
 * the precision and recall of search by text. Needs ../shared/models and ../shared/data.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

import { usualModels } from '../../server/config.ts';
import { encodePictures, encodeTexts } from '../../server/models/encode.ts';
import { requireModel } from '../../server/models/findModels.ts';
import { exposeTensors } from '../../server/models/onnx/exposeTensors.ts';
import { openTokenizer } from '../../server/models/tokenize.ts';
import { sharedDir, sharedModels } from '../helpers/models.ts';
import { alternate, median, timed } from './alternate.ts';
import type { Figure } from './figures.ts';

const settings = {
  ...usualModels,
  device: 'cpu',
  modelsDir: sharedModels,
  dataDir: join(sharedModels, '.none'),
} as const;
const BATCHES = [1, 4, 8, 16, 32];
const ROUNDS = 3;

interface Labelled {
  readonly file: string;
  readonly groups: readonly string[];
}

export async function modelsBench(report: (figure: Figure) => void): Promise<void> {
  if (!existsSync(sharedModels)) {
    console.error('../shared/models is not there: nothing of models is measured.');
    return;
  }
  const common = { bench: 'models', engine: null } as const;
  const labels: readonly Labelled[] = JSON.parse(
    await readFile(join(sharedDir, 'data/imagenet-sample/labels.json'), 'utf8'),
  );
  const photos = await Promise.all(
    labels.map(async ({ file }) => ({ bytes: await readFile(join(sharedDir, 'data/imagenet-sample', file)) })),
  );
  const pair = await requireModel(settings, 'potion-mobilenet-imagetext');

  // Search by text: the numbers of ../shared/models/README.md.
  const shown = await encodePictures(settings, pair, photos);
  const { search_on_imagenet_sample: queries } = JSON.parse(
    await readFile(join(sharedModels, 'potion-mobilenet-imagetext/reference/expected.json'), 'utf8'),
  );
  let worst = 0;
  const precisions: number[] = [];
  for (const { query, group, precision_at_5 } of queries) {
    const { vectors } = await encodeTexts(settings, pair, [query], 'query');
    const best = nearestRows(shown.vectors, vectors, shown.dimension).slice(0, 5);
    const precision = best.filter((row) => labels[row]?.groups.includes(group)).length / 5;
    worst = Math.max(worst, Math.abs(precision - precision_at_5));
    precisions.push(precision);
  }
  report({
    ...common,
    what: 'text → 320 photos: mean precision@5',
    value: mean(precisions),
    raw: mean(queries.map((each: { precision_at_5: number }) => each.precision_at_5)),
    unit: 'share',
    target: { atLeastTimesRaw: 1 },
  });
  report({
    ...common,
    what: 'text → 320 photos: largest difference of a query',
    value: worst,
    raw: null,
    unit: 'share',
    target: { atMost: 0 },
  });
  const captions: readonly { file: string; caption: string }[] = JSON.parse(
    await readFile(join(sharedDir, 'data/photos/captions.json'), 'utf8'),
  );
  const captioned = await encodePictures(
    settings,
    pair,
    await Promise.all(
      captions.map(async ({ file }) => ({ bytes: await readFile(join(sharedDir, 'data/photos', file)) })),
    ),
  );
  const asked = await encodeTexts(
    settings,
    pair,
    captions.map(({ caption }) => caption),
    'query',
  );
  const ranks = captions.map(
    (_, i) =>
      nearestRows(
        captioned.vectors,
        asked.vectors.subarray(i * asked.dimension, (i + 1) * asked.dimension),
        asked.dimension,
      ).indexOf(i) + 1,
  );
  for (const [k, promised] of [
    [1, 0.57],
    [3, 0.79],
  ] as const) {
    const recall = ranks.filter((rank) => rank <= k).length / ranks.length;
    report({
      ...common,
      what: `caption → ${captions.length} photos: recall@${k}`,
      value: recall,
      raw: promised,
      unit: 'share',
      target: { atLeastTimesRaw: 0.99 },
    });
  }

  // Pictures per second, decoding included, against bare runs without decoding.
  const mobilenet = await requireModel(settings, 'mobilenet_v2');
  const file = join(sharedModels, 'mobilenet_v2/mobilenet_v2.onnx');
  const bare = await InferenceSession.create(exposeTensors(await readFile(file), ['features']));
  const few = photos.slice(0, 96);
  const runBare = (session: InferenceSession, batch: number) => async () => {
    const pixels = new Tensor('float32', new Float32Array(batch * 3 * 224 * 224).fill(0.1), [batch, 3, 224, 224]);
    const ms = await timed(async () => {
      for (let done = 0; done < few.length; done += batch) await session.run({ pixel_values: pixels });
    });
    return (1000 * few.length) / ms;
  };
  const best = await bestOf(
    BATCHES.filter((batch) => few.length % batch === 0),
    (batch) => runBare(bare, batch)(),
  );
  await encodePictures(settings, mobilenet, photos); // finds its size of batch
  const pictures = await alternate(
    {
      ours: async () => (1000 * few.length) / (await timed(() => encodePictures(settings, mobilenet, few))),
      raw: runBare(bare, best),
    },
    ROUNDS,
  );
  report({
    ...common,
    what: `photos per second, bare in batches of ${best}`,
    value: pictures.ours,
    raw: pictures.raw,
    unit: 'rows/s',
    target: { atLeastTimesRaw: 0.85 },
  });

  // A layer that the file keeps to itself, against a model that ends at the layer that the file names.
  const cut = await InferenceSession.create(exposeTensors(await readFile(file), ['block_5']));
  const between = await InferenceSession.create(exposeTensors(await readFile(file), ['n20.a']));
  const pixels = new Tensor('float32', new Float32Array(8 * 3 * 224 * 224).fill(0.1), [8, 3, 224, 224]);
  const layer = await alternate(
    {
      ours: () => timed(() => between.run({ pixel_values: pixels })),
      raw: () => timed(() => cut.run({ pixel_values: pixels })),
    },
    15,
  );
  report({
    ...common,
    what: 'a hidden layer of 8 photos against a run up to there',
    value: layer.ours,
    raw: layer.raw,
    unit: 'ms',
    target: { atMostTimesRaw: 1.05 },
  });

  // Texts per second, tokens included, against bare runs on the same tokens in the order given.
  const potion = await requireModel(settings, 'potion-base-2M');
  const tower = potion.text;
  if (tower === null) throw new Error('potion-base-2M takes texts');
  const corpus = (await readFile(join(sharedDir, 'data/text/lee_background.cor'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '');
  const texts = Array.from({ length: 20 }, () => corpus).flat();
  const tokenizer = openTokenizer(tower.tokenizer, tower);
  const session = await InferenceSession.create(exposeTensors(await readFile(tower.file), [tower.output]));
  const runTexts = (batch: number) => async () => {
    const ms = await timed(async () => {
      for (let from = 0; from < texts.length; from += batch) {
        const encoded = texts.slice(from, from + batch).map((text) => tokenizer.encode(text).ids);
        const s = Math.max(...encoded.map((ids) => ids.length));
        const ids = new BigInt64Array(encoded.length * s);
        const mask = new BigInt64Array(encoded.length * s);
        for (const [i, row] of encoded.entries()) {
          for (const [j, id] of row.entries()) {
            ids[i * s + j] = BigInt(id);
            mask[i * s + j] = 1n;
          }
        }
        const shape = [encoded.length, s];
        await session.run({
          input_ids: new Tensor('int64', ids, shape),
          attention_mask: new Tensor('int64', mask, shape),
        });
      }
    });
    return (1000 * texts.length) / ms;
  };
  const bestTexts = await bestOf(BATCHES, (batch) => runTexts(batch)());
  const words = await alternate(
    {
      ours: async () => (1000 * texts.length) / (await timed(() => encodeTexts(settings, potion, texts, 'passage'))),
      raw: runTexts(bestTexts),
    },
    ROUNDS,
  );
  report({
    ...common,
    what: `texts per second, bare in batches of ${bestTexts}`,
    value: words.ours,
    raw: words.raw,
    unit: 'rows/s',
    target: { atLeastTimesRaw: 0.9 },
  });
}

/** Places of the rows, all of length 1, by their cosine with a vector, largest first. */
function nearestRows(rows: Float32Array, vector: Float32Array, d: number): number[] {
  const cosines = Array.from({ length: rows.length / d }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += (rows[i * d + c] ?? 0) * (vector[c] ?? 0);
    return sum;
  });
  return [...cosines.keys()].sort((a, b) => (cosines[b] ?? 0) - (cosines[a] ?? 0));
}

async function bestOf(batches: readonly number[], rateOf: (batch: number) => Promise<number>): Promise<number> {
  let best = { batch: 1, rate: 0 };
  for (const batch of batches) {
    const rate = median([await rateOf(batch), await rateOf(batch)]);
    if (rate > best.rate) best = { batch, rate };
  }
  return best.batch;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
