/**
 * Real photos, emoji, models and texts, as a user would go: embedded, searched by words and by pictures, told apart by prompts,
 * seen through the layers of a network; and words learnt, tested and asked. What the models can do is in ../shared/models/README.md.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import sharp from 'sharp';

import { sharedDir, sharedModels, withShared } from '../helpers/models.ts';
import { importEmoji, importPhotos, photoFile, shown } from '../helpers/pictures.ts';
import { allJobs, type TestServer, testServers, upload } from '../helpers/server.ts';

const start = testServers();
const PAIR = 'potion-mobilenet-imagetext';

const dataUrl = (bytes: Uint8Array, type = 'jpeg') =>
  `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`;

type Data = TestServer['data'];
interface Node {
  readonly key: string;
}

const embed = (data: Data, input: object) =>
  data('mutation ($input: EmbedItemsInput!) { embedItems(input: $input) { job { id } } }', {
    input: { projections: [], ...input },
  });

const nearestQuery = `query ($dataset: String!, $embedding: String!, $to: Target!, $first: Int!) {
  dataset(slug: $dataset) { embedding(name: $embedding) { nearest(to: $to, first: $first) { nodes { key } } } } }`;

withShared(
  'photos and emoji are searched by words and by a picture, told apart by prompts, placed, and seen through three layers',
  [`models/${PAIR}`, 'models/potion-base-2M', 'models/mobilenet_v2', 'data/photos', 'data/emoji-noto'],
  async () => {
    const server = await start({ WORKERS: '1', MODELS_DIR: sharedModels, DEVICE: 'cpu' });
    const { data } = server;
    await importPhotos(server);
    const emoji = await importEmoji(server, (i) => i % 4 === 0);
    const some = emoji.filter(({ imported }) => imported);
    assert.ok(some.length > 100);
    await allJobs(server);

    const layers = ['block_2', 'block_12', 'features'];
    await embed(data, { dataset: 'photos', model: PAIR, name: 'clip', projections: [{ name: 'flat', method: 'PCA' }] });
    for (const layer of layers) await embed(data, { dataset: 'photos', model: 'mobilenet_v2', layer, name: layer });
    await embed(data, { dataset: 'emoji', model: 'mobilenet_v2', name: 'looks' });
    await embed(data, { dataset: 'emoji', model: 'potion-base-2M', name: 'names' });
    await allJobs(server);

    const nearest = async (dataset: string, embedding: string, to: object, first: number): Promise<string[]> => {
      const found = await data(nearestQuery, { dataset, embedding, to, first });
      return found.dataset.embedding.nearest.nodes.map(({ key }: Node) => key);
    };
    const accepted = await data(
      '{ photos: dataset(slug: "photos") { embeddings { name accepts layerDepth } } emoji: dataset(slug: "emoji") { embeddings { name accepts } } }',
    );
    const acceptsOf = (of: string, embedding: string) =>
      accepted[of].embeddings.find(({ name }: { name: string }) => name === embedding).accepts;
    assert.deepEqual(acceptsOf('photos', 'clip'), ['TEXT', 'IMAGE']);
    assert.deepEqual(acceptsOf('photos', 'block_12'), ['IMAGE']);
    assert.deepEqual([acceptsOf('emoji', 'looks'), acceptsOf('emoji', 'names')], [['IMAGE'], ['TEXT']]);

    // By words, by a dropped picture, by both at once.
    for (const what of ['dog', 'cat', 'bird']) {
      assert.deepEqual((await nearest('photos', 'clip', { text: `a ${what}` }, 3)).sort(), shown(what).sort(), what);
    }
    const dropped = {
      url: dataUrl(
        await sharp(await photoFile('two_dogs'))
          .resize(300)
          .jpeg()
          .toBuffer(),
      ),
    };
    const byPicture = await nearest('photos', 'clip', { image: dropped }, 3);
    assert.deepEqual(byPicture.sort(), shown('dog').sort(), 'a photo that is not among them');
    const terms = [
      { to: { image: dropped } },
      { to: { text: 'a dog' }, weight: -1 },
      { to: { text: 'a flower' }, weight: 2 },
    ];
    assert.deepEqual(await nearest('photos', 'clip', { sum: terms }, 1), ['sunflower']);
    const pizza = emoji.find(({ name }) => name === 'slice of pizza');
    const [first = some[0]] = some.filter(({ category }) => category === 'Food & Drink');
    const [lookalike] = await nearest(
      'emoji',
      'looks',
      { image: { url: dataUrl(await readFile(join(sharedDir, 'data/emoji-noto', first?.file ?? '')), 'png') } },
      1,
    );
    assert.equal(lookalike, first?.file.replace(/^img\/|\.png$/g, ''), 'a picture that is there is nearest to itself');
    assert.ok(pizza);
    const byName = await data(
      `query ($to: Target!) { dataset(slug: "emoji") { embedding(name: "names") { nearest(to: $to, first: 5) { nodes { label fields } } } } }`,
      { to: { text: 'something to eat: fruit or vegetables' } },
    );
    const kinds = byName.dataset.embedding.nearest.nodes.map(({ fields }: { fields: { kind: string } }) => fields.kind);
    assert.deepEqual([...new Set(kinds)], ['Food & Drink']);

    // Prompts tell what each photo is; the map and filters know it.
    const labels = ['dog', 'cat', 'bird', 'hot dog', 'flower', 'insect'];
    const templates = ['a photo of a {}', 'a close-up of a {}'];
    await data('mutation ($input: ClassifyItemsInput!) { classifyItems(input: $input) { job { id } } }', {
      input: { dataset: 'photos', embedding: 'clip', name: 'what', labels, templates },
    });
    for (const [embedding, other] of [
      ['features', 'block_12'],
      ['features', 'block_2'],
    ]) {
      await data('mutation ($input: CompareEmbeddingsInput!) { compareEmbeddings(input: $input) { job { id } } }', {
        input: { dataset: 'photos', embedding, other, neighbors: 3 },
      });
    }
    await data('mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }', {
      input: {
        ...{ dataset: 'photos', embedding: 'clip', name: 'cat-dog', method: 'CUSTOM' },
        axes: [
          { from: [{ text: 'a cat' }], to: [{ text: 'a dog' }], label: 'cat to dog' },
          {
            from: [{ text: 'an animal' }],
            to: [{ image: { url: dataUrl(await photoFile('sunflower')) } }],
            label: 'flower',
          },
        ],
      },
    });
    await allJobs(server);
    const answer = await data(
      `query ($dropped: Target!) { dataset(slug: "photos") {
         items(first: 100, filter: { field: "classification:what", eq: "dog" }) { nodes { key } }
         embedding(name: "clip") {
           classification(name: "what") { counts itemCount }
           classify(target: { text: "an owl sitting in a tree" }, labels: ["dog", "bird", "flower"]) { label probability }
           projection(name: "flat") { place(to: $dropped) { x y neighbors(first: 3) { node { key } } } points(columns: ["classification:what", "classification:what:dog", "kind"]) { url } }
           axes: projection(name: "cat-dog") { place(to: { text: "a dog" }) { x } points { url } }
           extremes(direction: { axis: { from: { text: "a cat" }, to: { text: "a dog" } } }, first: 3) { highest { node { key } } lowest { node { key } } }
         }
         features: embedding(name: "features") { comparisons { other { name } embedding { name } meanOverlap changed(first: 1) { overlap node { key } } } }
      } }`,
      { dropped: { image: dropped } },
    );
    const { items, embedding, features } = answer.dataset;
    const rowsOf = async (url: string) =>
      tableFromIPC(new Uint8Array(await (await server.fetch(url)).arrayBuffer())).toArray();
    const rows = await rowsOf(embedding.projection.points.url);
    const named: Record<string, string> = { food: 'hot dog' };
    const right = rows.filter((row) => row['classification:what'] === (named[row.kind] ?? row.kind));
    assert.ok(right.length >= 11, `${right.length} of ${rows.length} photos are told what they are`);
    assert.deepEqual(items.nodes.map(({ key }: Node) => key).sort(), [
      ...rows
        .filter((row) => row['classification:what'] === 'dog')
        .map((row) => row.key)
        .sort(),
    ]);
    assert.equal(
      embedding.classification.counts.reduce((a: number, b: number) => a + b),
      rows.length,
    );
    assert.equal(embedding.classify[0].label, 'bird');
    assert.deepEqual(
      embedding.projection.place.neighbors.map(({ node }: { node: Node }) => node.key).sort(),
      shown('dog').sort(),
      'a picture is placed among its like',
    );
    const along = new Map((await rowsOf(embedding.axes.points.url)).map((row) => [row.key, Number(row.x)]));
    for (const dog of shown('dog'))
      for (const cat of shown('cat')) assert.ok((along.get(dog) ?? 0) > (along.get(cat) ?? 0), `${dog} beyond ${cat}`);
    assert.ok(Math.abs(embedding.axes.place.x - 1) < 1e-4, 'where the axis ends is 1');
    const ends = embedding.extremes;
    assert.deepEqual(ends.highest.map(({ node }: { node: Node }) => node.key).sort(), shown('dog').sort());
    assert.deepEqual(ends.lowest.map(({ node }: { node: Node }) => node.key).sort(), shown('cat').sort());

    // Layer by layer: the deeper one is, the more its company is that of the last.
    const overlapWith = (layer: string): number =>
      features.comparisons.find(
        (comparison: { embedding: { name: string }; other: { name: string } }) =>
          comparison.embedding.name === layer || comparison.other.name === layer,
      ).meanOverlap;
    assert.ok(
      overlapWith('block_12') > overlapWith('block_2'),
      `${overlapWith('block_12')} against ${overlapWith('block_2')}`,
    );
    const depths = layers.map(
      (layer) => accepted.photos.embeddings.find(({ name }: { name: string }) => name === layer).layerDepth,
    );
    assert.deepEqual(
      depths,
      [...depths].sort((a, b) => a - b),
    );
    await server.close();
  },
);

withShared(
  'words are learnt from the Brown corpus, tested by WordSim-353 and Google analogies, and asked',
  ['data/text/brown.txt.gz', 'data/words/EN-WS-353-ALL.txt', 'data/words/questions-words.txt'],
  async () => {
    const server = await start({ WORKERS: '1' });
    const { data } = server;
    const brown = gunzipSync(await readFile(join(sharedDir, 'data/text/brown.txt.gz'))).toString();
    const lines = brown.split('\n').filter((line) => !line.startsWith('###'));
    const [text, pairs, analogies] = await upload(server, {
      'fiction.txt': lines.slice(-20_000).join('\n'), // novels stand at the end
      'EN-WS-353-ALL.txt': await readFile(join(sharedDir, 'data/words/EN-WS-353-ALL.txt'), 'utf8'),
      'questions-words.txt': await readFile(join(sharedDir, 'data/words/questions-words.txt'), 'utf8'),
    });
    await data('mutation ($input: TrainWordVectorsInput!) { trainWordVectors(input: $input) { job { id } } }', {
      input: {
        ...{ dataset: 'brown', texts: { uploads: [text] }, dimension: 32, epochs: 4 },
        projections: [{ name: 'flat', method: 'PCA' }],
      },
    });
    await allJobs(server);
    const evaluate = `mutation ($upload: ID!) {
      evaluateWordVectors(input: { dataset: "brown", embedding: "word2vec", upload: $upload, among: 2000 }) { job { id } } }`;
    for (const id of [pairs, analogies]) await data(evaluate, { upload: id });
    await allJobs(server);
    const { dataset, jobs } = await data(
      `{ jobs(first: 100) { nodes { kind curves { name points { at value } } } }
         dataset(slug: "brown") { itemCount embedding(name: "word2vec") {
           evaluations { name kind total { questions known accuracy accuracyMultiply correlation } sections { name } }
           sum: nearest(to: { sum: [{ to: { item: "his" } }, { to: { item: "he" }, weight: -1 }, { to: { item: "she" } }] }, first: 3) { nodes { key } }
           nearest(to: { item: "man" }, first: 3) { nodes { key } }
           oddOneOut(items: ["he", "she", "himself", "door"]) { node { key } similarity }
         } } }`,
    );
    const [similarity, google] = dataset.embedding.evaluations;
    assert.deepEqual([similarity.kind, similarity.total.questions], ['SIMILARITY', 353]);
    assert.ok(similarity.total.known > 40 && similarity.total.correlation > 0, JSON.stringify(similarity.total));
    assert.deepEqual(
      [google.kind, google.total.questions, google.sections.length],
      ['ANALOGIES', 19_544, 14],
      'the whole file, by section',
    );
    assert.ok(google.total.known > 100 && google.total.accuracy > 0, JSON.stringify(google.total));
    const keys = (nodes: readonly Node[]) => nodes.map(({ key }) => key);
    assert.equal(keys(dataset.embedding.nearest.nodes)[0], 'woman');
    assert.equal(keys(dataset.embedding.sum.nodes)[0], 'her', 'his is to he as … is to she');
    assert.equal(dataset.embedding.oddOneOut[0].node.key, 'door');
    const { curves } = jobs.nodes.find(({ kind }: { kind: string }) => kind === 'TRAIN_WORD_VECTORS');
    const losses = curves[0].points.map(({ value }: { value: number }) => value);
    assert.ok(losses.at(-1) < losses[0], 'the loss falls');
    await server.close();
  },
);
