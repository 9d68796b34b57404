/** Models through GraphQL, from their list to a map that is coloured by prompts. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { pngBomb } from '../../helpers/bomb.ts';
import { onnxModel, writeImageModel, writePairModel, writeTextModel } from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';
import { allJobs, onEveryServer, type TestServer, upload } from '../../helpers/server.ts';

const folder = await scratchDir();
await writeTextModel(join(folder, 'texts'));
await writeImageModel(join(folder, 'pictures'));
await writePairModel(join(folder, 'pair'));
await writeBroken(join(folder, 'broken'));

/** Models of no use: bytes that are none, weights that are not there, an operator that nobody has, here and elsewhere. */
async function writeBroken(at: string): Promise<void> {
  const graph = (operator: string, more: object) =>
    onnxModel({
      inputs: [{ name: 'x', type: 1, dimensions: ['n', 3, 4, 4] }],
      outputs: [{ name: 'features', type: 1, dimensions: ['n', 3, 4, 4] }],
      nodes: [{ operator, inputs: ['x', 'w'], output: 'features', ...more }],
      constants: [
        {
          name: 'w',
          dimensions: [1],
          values: new Float32Array(1),
          ...(operator === 'Mul' ? { external: 'w.bin' } : {}),
        },
      ],
    });
  const files = {
    bytes: Buffer.from('no model at all'),
    data: graph('Mul', {}),
    foreign: graph('Swirl', { domain: 'org.example' }),
    unknown: graph('Swirl', {}),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(at, name, 'onnx'), { recursive: true });
    await writeFile(join(at, name, 'onnx', 'model.onnx'), bytes);
    await writeFile(join(at, name, 'preprocessor_config.json'), '{"size":{"height":4,"width":4}}');
  }
}

/** Pictures by the colour that their names say. */
const colours = {
  crimson: '#ff1010',
  ruby: '#d00020',
  grass: '#10ff10',
  moss: '#20a020',
  sky: '#1010ff',
  sea: '#2020c0',
};

onEveryServer((_engine, start) => {
  let server: TestServer;
  const data: TestServer['data'] = (query, variables) => server.data(query, variables);

  before(async () => {
    server = await start({ WORKERS: '1', MODELS_DIR: folder, DEVICE: 'cpu' });
    const files: Record<string, Uint8Array> = {};
    for (const [name, background] of Object.entries(colours)) {
      files[`${name}.png`] = await sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer();
    }
    files['table.csv'] = Buffer.from(
      `file,caption\n${Object.keys(colours)
        .map((name) => `${name}.png,a plain ${name} square`)
        .join('\n')}\n`,
    );
    const uploads = await upload(server, { 'colours.zip': Uint8Array.from(zipSync(files)) });
    await data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
      input: { dataset: 'colours', uploads, projections: [] },
    });
    await allJobs(server);
    for (const input of [
      { model: 'pair', projections: [{ name: 'flat', method: 'PCA' }] },
      { model: 'pictures', layer: 'twice', pooling: 'FLATTEN', name: 'places', projections: [] },
    ]) {
      await data('mutation ($input: EmbedItemsInput!) { embedItems(input: $input) { job { id kind } } }', {
        input: { dataset: 'colours', ...input },
      });
    }
    await allJobs(server);
  });

  test('the models that are here and those that can be fetched are listed with what they are', async () => {
    const {
      models,
      model,
      server: runs,
    } = await data(
      `{ models { name state modalities recommended } server { inference { provider message } }
         model(name: "pictures") { dimension bytes maxTokens problem layers { name operator depth shape output } } }`,
    );
    const names = models.map(({ name }: { name: string }) => name);
    assert.deepEqual(
      names.filter((name: string) => !name.includes('/')),
      ['pair', 'pictures', 'texts'],
    );
    assert.ok(names.includes('Xenova/all-MiniLM-L6-v2'));
    assert.deepEqual(
      models.find(({ name }: { name: string }) => name === 'pair'),
      { name: 'pair', state: 'READY', modalities: ['TEXT', 'IMAGE'], recommended: false },
    );
    assert.equal(models.find(({ name }: { name: string }) => name === 'Xenova/resnet-50').state, 'FETCHABLE');
    assert.deepEqual(model.layers[0], { name: 'twice', operator: 'Add', depth: 1, shape: [3, 4, 4], output: false });
    assert.deepEqual([model.dimension, model.maxTokens, model.problem], [3, null, null]);
    assert.deepEqual(runs.inference, { provider: 'cpu', message: null });
    assert.equal((await data('{ model(name: "nowhere") { name } }')).model, null);
    const fetchable = await data('{ model(name: "Xenova/all-MiniLM-L6-v2") { dimension licence revision } }');
    assert.deepEqual(
      [fetchable.model.dimension, fetchable.model.licence, /^[0-9a-f]{40}$/.test(fetchable.model.revision)],
      [384, 'apache-2.0', true],
    );
  });

  test('an embedding says how it was made and what it can be asked with', async () => {
    const { dataset } = await data(
      '{ dataset(slug: "colours") { embeddings { name itemCount dimension layer pooling accepts model { name state } } } }',
    );
    assert.deepEqual(
      dataset.embeddings.filter(({ name }: { name: string }) => name !== 'pixels'),
      [
        {
          name: 'pair',
          itemCount: 6,
          dimension: 3,
          layer: null,
          pooling: null,
          accepts: ['TEXT', 'IMAGE'],
          model: { name: 'pair', state: 'READY' },
        },
        {
          name: 'places',
          itemCount: 6,
          dimension: 48,
          layer: 'twice',
          pooling: 'FLATTEN',
          accepts: ['IMAGE'],
          model: { name: 'pictures', state: 'READY' },
        },
      ],
    );
  });

  const nearest = `query ($embedding: String!, $to: Target!) {
    dataset(slug: "colours") { embedding(name: $embedding) { nearest(to: $to, first: 2) { nodes { key } } } }
  }`;
  const keys = async (embedding: string, to: object): Promise<string[]> => {
    const { dataset } = await data(nearest, { embedding, to });
    return dataset.embedding.nearest.nodes.map(({ key }: { key: string }) => key).sort();
  };

  test('pictures are found by words, by a picture, and by a sum of both', async () => {
    assert.deepEqual(await keys('pair', { text: 'green' }), ['grass', 'moss']);
    const png = await sharp({ create: { width: 9, height: 5, channels: 3, background: '#1500e0' } })
      .png()
      .toBuffer();
    const image = { url: `data:image/png;base64,${png.toString('base64')}` };
    assert.deepEqual(await keys('pair', { image }), ['sea', 'sky']);
    assert.deepEqual(await keys('places', { image }), ['sea', 'sky']);
    assert.deepEqual(
      await keys('pair', {
        sum: [{ to: { image } }, { to: { text: 'blue' }, weight: -1 }, { to: { text: 'red' }, weight: 2 }],
      }),
      ['crimson', 'ruby'],
    );
    const { errors } = await server.ask(nearest, { embedding: 'places', to: { text: 'green' } });
    assert.match(errors[0]?.message ?? '', /The embedding "places" takes no texts: it is of the layer "twice"/);
    assert.equal(errors[0]?.extensions.code, 'BAD_USER_INPUT');
  });

  test('what cannot be asked for is told at once, with what can', async () => {
    const embed = 'mutation ($input: EmbedItemsInput!) { embedItems(input: $input) { job { id } } }';
    const layered = await server.ask(embed, { input: { dataset: 'colours', model: 'pictures', layer: 'twyce' } });
    assert.equal(
      layered.errors[0]?.message,
      'The model "pictures" has no layer "twyce". Did you mean "twice"? `Model.layers` lists all 4.',
    );
    const { errors } = await server.ask(nearest, { embedding: 'pixels', to: { text: 'green' } });
    assert.match(
      errors[0]?.message ?? '',
      /^The embedding "pixels" takes no texts: its vectors were imported, and the model "pixels" that made them is not here\. Ask with an item/,
    );
    assert.equal(errors[0]?.extensions.code, 'BAD_USER_INPUT');
  });

  test('words and vectors are joined, and each rank is told', async () => {
    const { dataset } = await data(
      `query ($to: Target) { dataset(slug: "colours") { embedding(name: "pair") {
         hybrid(text: "moss OR sky", to: $to, first: 3) { edges { rank score textRank vectorRank node { key } } search { exact } } } } }`,
      { to: { text: 'green' } },
    );
    const { edges } = dataset.embedding.hybrid;
    const [first] = edges;
    assert.equal(first.node.key, 'moss', 'in both lists near the top');
    for (const { score, textRank, vectorRank } of edges) {
      const expected =
        (textRank === null ? 0 : 1 / (60 + textRank)) + (vectorRank === null ? 0 : 1 / (60 + vectorRank));
      assert.ok(Math.abs(score - expected) < 1e-12);
    }
    assert.deepEqual(
      edges.map(({ rank }: { rank: number }) => rank),
      [1, 2, 3],
    );
    const filtered = await data(
      `{ dataset(slug: "colours") { embedding(name: "pair") {
         hybrid(text: "red", filter: { field: "caption", contains: "sky" }) { edges { textRank vectorRank node { key } } } } } }`,
    );
    assert.deepEqual(filtered.dataset.embedding.hybrid.edges, [
      { textRank: null, vectorRank: 1, node: { key: 'sky' } },
    ]);
  });

  test('prompts tell what a target is, by the scale of the model', async () => {
    const { dataset } = await data(
      `{ dataset(slug: "colours") { embedding(name: "pair") {
         classify(target: { item: "moss" }, labels: ["red", "green"], templates: ["{}", "dark {}"]) { label probability similarity } } } }`,
    );
    const [best, other] = dataset.embedding.classify;
    assert.deepEqual([best.label, other.label], ['green', 'red']);
    assert.ok(Math.abs(best.probability + other.probability - 1) < 1e-9);
    const ratio = Math.exp(10 * (best.similarity - other.similarity));
    assert.ok(Math.abs(best.probability / other.probability / ratio - 1) < 1e-6, 'logit_scale of config.json is 10');
  });

  test('prompts tell what all items are, and the map is coloured by it', async () => {
    const classify = 'mutation ($input: ClassifyItemsInput!) { classifyItems(input: $input) { job { id } } }';
    const input = { dataset: 'colours', embedding: 'pair', name: 'hue', labels: ['red', 'green', 'blue'] };
    await data(classify, { input });
    await allJobs(server);
    const ask = async () => {
      const { dataset } = await data(
        `{ dataset(slug: "colours") { embedding(name: "pair") {
           classification(name: "hue") { id labels counts itemCount logitScale stale column probabilityColumns items(label: "green") { probability node { key } } }
           projection(name: "flat") { points(columns: ["label", "classification:hue", "classification:hue:blue"]) { url } } } } }`,
      );
      return dataset.embedding;
    };
    const { classification, projection } = await ask();
    assert.deepEqual(
      [classification.counts, classification.itemCount, classification.logitScale, classification.stale],
      [[2, 2, 2], 6, 10, false],
    );
    assert.deepEqual(classification.items.map(({ node }: { node: { key: string } }) => node.key).sort(), [
      'grass',
      'moss',
    ]);
    assert.equal(classification.column, 'classification:hue');
    assert.deepEqual(classification.probabilityColumns, [
      'classification:hue:red',
      'classification:hue:green',
      'classification:hue:blue',
    ]);

    const points = async (url: string) =>
      tableFromIPC(new Uint8Array(await (await server.fetch(url)).arrayBuffer())).toArray();
    const rows = await points(projection.points.url);
    assert.deepEqual(Object.fromEntries(rows.map((row) => [row.key, row['classification:hue']])), {
      crimson: 'red',
      ruby: 'red',
      grass: 'green',
      moss: 'green',
      sky: 'blue',
      sea: 'blue',
    });
    for (const row of rows)
      assert.equal(row['classification:hue:blue'] > 0.5, ['sky', 'sea'].includes(row.key), row.key);

    await data(classify, { input: { ...input, labels: ['blue', 'bright'], logitScale: 1 } });
    await allJobs(server);
    const again = await ask().catch(() => null);
    assert.equal(again, null, 'a label that is no more has no items');
    const { node } = await data(
      'query ($id: ID!) { node(id: $id) { ... on Classification { name labels embedding { name } } } }',
      { id: classification.id },
    );
    assert.deepEqual(node, { name: 'hue', labels: ['blue', 'bright'], embedding: { name: 'pair' } });
    const { status } = await server.fetch(projection.points.url);
    assert.equal(status, 200, 'the bytes of an address are there for those who have it');
    const { dataset } = await data(
      '{ dataset(slug: "colours") { embedding(name: "pair") { projection(name: "flat") { points(columns: ["classification:hue"]) { url } } } } }',
    );
    const labels = new Set(
      (await points(dataset.embedding.projection.points.url)).map((row) => row['classification:hue']),
    );
    assert.ok([...labels].every((label) => label === 'blue' || label === 'bright'));

    await data('mutation ($input: RemoveClassificationInput!) { removeClassification(input: $input) { removedId } }', {
      input: { dataset: 'colours', embedding: 'pair', classification: 'hue' },
    });
    const { errors } = await server.ask(
      '{ dataset(slug: "colours") { embedding(name: "pair") { projection(name: "flat") { points(columns: ["classification:hue"]) { url } } } } }',
    );
    assert.match(errors[0]?.message ?? '', /no column "classification:hue"/);
  });

  test('two embeddings are compared by the company of each item, and the map shows it', async () => {
    await data('mutation ($input: CompareEmbeddingsInput!) { compareEmbeddings(input: $input) { job { id } } }', {
      input: { dataset: 'colours', embedding: 'places', other: 'pair', neighbors: 2 },
    });
    await allJobs(server);
    const { dataset } = await data(
      `{ dataset(slug: "colours") { embedding(name: "pair") {
         comparisons { id neighbors itemCount meanOverlap stale column embedding { name } other { name } changed(first: 6) { overlap node { key } } }
         projection(name: "flat") { points(columns: ["comparison:pair:places"]) { url } } } } }`,
    );
    const [comparison] = dataset.embedding.comparisons;
    assert.deepEqual(
      [comparison.neighbors, comparison.itemCount, comparison.stale, comparison.column],
      [2, 6, false, 'comparison:pair:places'],
    );
    assert.deepEqual(
      [comparison.embedding.name, comparison.other.name],
      ['pair', 'places'],
      'once for each pair, the older first',
    );
    const overlaps: number[] = comparison.changed.map(({ overlap }: { overlap: number }) => overlap);
    assert.deepEqual(
      overlaps,
      [...overlaps].sort((a, b) => a - b),
      'least first',
    );
    assert.ok(Math.abs(overlaps.reduce((a, b) => a + b) / 6 - comparison.meanOverlap) < 1e-6);
    const rows = tableFromIPC(
      new Uint8Array(await (await server.fetch(dataset.embedding.projection.points.url)).arrayBuffer()),
    ).toArray();
    const byKey = new Map(
      comparison.changed.map(({ overlap, node }: { overlap: number; node: { key: string } }) => [node.key, overlap]),
    );
    for (const row of rows) assert.equal(row['comparison:pair:places'], byKey.get(row.key));
  });

  test('what was found out about the items stands in filters, of items, of searches and of maps', async () => {
    const input = { dataset: 'colours', embedding: 'pair', name: 'tone', labels: ['red', 'green', 'blue'] };
    await data('mutation ($input: ClassifyItemsInput!) { classifyItems(input: $input) { job { id } } }', { input });
    await allJobs(server);
    const keys = async (filter: object): Promise<string[]> => {
      const { dataset } = await data(
        'query ($filter: Filter) { dataset(slug: "colours") { items(first: 100, filter: $filter) { totalCount nodes { key } } } }',
        { filter },
      );
      const { nodes, totalCount } = dataset.items;
      assert.equal(totalCount, nodes.length);
      return nodes.map(({ key }: { key: string }) => key).sort();
    };
    const all = Object.keys(colours).sort();
    assert.deepEqual(await keys({ field: 'classification:tone', eq: 'green' }), ['grass', 'moss']);
    assert.deepEqual(await keys({ field: 'classification:tone', in: ['red', 'blue'] }), [
      ...['crimson', 'ruby', 'sea', 'sky'],
    ]);
    assert.deepEqual(await keys({ field: 'classification:tone', matches: '^gr' }), ['grass', 'moss']);
    assert.deepEqual(await keys({ field: 'classification:tone', isNull: false }), all);
    assert.deepEqual(
      await keys({
        and: [{ field: 'classification:tone:blue', gt: 0.5, lte: 1 }, { not: { field: 'key', eq: 'sea' } }],
      }),
      ['sky'],
    );
    assert.deepEqual(await keys({ field: 'classification:tone:blue', isNull: true }), []);

    const { dataset } = await data(
      `{ dataset(slug: "colours") { embedding(name: "pair") {
           comparisons { column changed(first: 6) { overlap node { key } } }
           nearest(to: { text: "green" }, filter: { field: "classification:tone", ne: "green" }) { nodes { key } }
           extremes(direction: { dimension: 2 }, filter: { field: "classification:tone", eq: "blue" }) { highest { node { key } } }
           projection(name: "flat") { quality { columns fields } points(columns: ["quality:pair:flat:continuity", "quality.continuity"]) { url } } } } }`,
    );
    const { comparisons, nearest: found, extremes, projection } = dataset.embedding;
    assert.deepEqual(
      found.nodes.map(({ key }: { key: string }) => key).sort(),
      all.filter((key) => !['grass', 'moss'].includes(key)),
    );
    assert.deepEqual(extremes.highest.map(({ node }: { node: { key: string } }) => node.key).sort(), ['sea', 'sky']);
    const [{ column, changed }] = comparisons;
    const below: number = changed.at(-1).overlap;
    assert.deepEqual(
      await keys({ field: column, lt: below }),
      changed
        .filter(({ overlap }: { overlap: number }) => overlap < below)
        .map(({ node }: { node: { key: string } }) => node.key)
        .sort(),
    );

    assert.deepEqual(
      projection.quality.fields,
      projection.quality.columns.map((name: string) => `quality:pair:flat:${name.replace('quality.', '')}`),
    );
    const rows = tableFromIPC(
      new Uint8Array(await (await server.fetch(projection.points.url)).arrayBuffer()),
    ).toArray();
    for (const row of rows) assert.equal(row['quality:pair:flat:continuity'], row['quality.continuity']);
    const measured = rows.filter((row) => row['quality.continuity'] !== null);
    const least = Math.min(...measured.map((row) => row['quality.continuity']));
    assert.deepEqual(
      await keys({ field: 'quality:pair:flat:continuity', lte: least }),
      measured
        .filter((row) => row['quality.continuity'] <= least)
        .map((row) => row.key)
        .sort(),
    );

    await data('mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }', {
      input: {
        ...{ dataset: 'colours', embedding: 'pair', name: 'warm', method: 'PCA' },
        filter: { field: 'classification:tone', ne: 'blue' },
      },
    });
    await allJobs(server);
    const shown = await data(
      '{ dataset(slug: "colours") { embedding(name: "pair") { projection(name: "warm") { points { count } place(to: { text: "blue" }) { neighbors(first: 1) { node { key } } } } } } }',
    );
    const { points, place } = shown.dataset.embedding.projection;
    assert.equal(points.count, 4);
    assert.ok(!['sky', 'sea'].includes(place.neighbors[0].node.key), 'placed among those that the map shows');

    const { errors } = await server.ask(
      '{ dataset(slug: "colours") { items(filter: { field: "classification:tune", eq: "red" }) { nodes { key } } } }',
    );
    assert.match(errors[0]?.message ?? '', /no field "classification:tune"\. Did you mean "classification:tone"/);
    const wrong = await server.ask(
      '{ dataset(slug: "colours") { items(filter: { field: "classification:tone:red", contains: "0" }) { nodes { key } } } }',
    );
    assert.match(wrong.errors[0]?.message ?? '', /`contains` does not fit `classification:tone:red`/);
  });

  /** What is asked for, what the answer says, and with which code. */
  const noTargets: readonly (readonly [string, () => Promise<object> | object, RegExp])[] = [
    ['an empty text', () => ({ text: ' ' }), /^The text is empty\.$/],
    [
      'a text of unknown words alone',
      () => ({ text: 'mauve ochre' }),
      /"mauve ochre" has no vector: the model knows none/,
    ],
    ['half of a character', () => ({ text: 'red \ud83d' }), /half of a character \(a lone surrogate\)/],
    ['an address that is none', () => ({ image: { url: 'a picture' } }), /"a picture" is no address/],
    ['this machine', () => ({ image: { url: 'http://127.0.0.1:5432/' } }), /not on the public network/],
    ['a network around', () => ({ image: { url: 'http://[::ffff:10.0.0.1]/a.png' } }), /not on the public network/],
    ['a text as a picture', () => ({ image: imageOf(Buffer.from('red')) }), /It is no image: it begins with "red"/],
    [
      'a JPEG that is cut off',
      async () => ({ image: imageOf((await square('jpeg')).subarray(0, 300)) }),
      /cannot be decoded/,
    ],
    [
      'a picture of 0 x 0',
      async () => {
        const png = await square('png');
        png.writeUInt32BE(0, 16);
        png.writeUInt32BE(0, 20);
        return { image: imageOf(png) };
      },
      /cannot be decoded/,
    ],
    ['a bomb', () => ({ image: imageOf(pngBomb(12_000)) }), /12000 x 12000 pixels|100 million/],
    [
      'a sum with one of these',
      () => ({ sum: [{ to: { text: 'red' } }, { to: { text: 'mauve' }, weight: -1 }] }),
      /"mauve" has no vector/,
    ],
  ];
  const imageOf = (bytes: Uint8Array) => ({ url: `data:image/png;base64,${Buffer.from(bytes).toString('base64')}` });
  const square = (format: 'png' | 'jpeg') =>
    sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        background: '#789',
        noise: { type: 'gaussian', mean: 99, sigma: 40 },
      },
    })
      .toFormat(format)
      .toBuffer();

  for (const [name, make, reason] of noTargets) {
    test(`no target: ${name}; the next question is answered`, async () => {
      const to = await make();
      for (const document of [
        nearest,
        `query ($embedding: String!, $to: Target!) { dataset(slug: "colours") { embedding(name: $embedding) {
           classify(target: $to, labels: ["red", "blue"]) { label } } } }`,
        `query ($embedding: String!, $to: Target!) { dataset(slug: "colours") { embedding(name: $embedding) {
           projection(name: "flat") { place(to: $to) { x } } } } }`,
      ]) {
        const { errors } = await server.ask(document, { embedding: 'pair', to });
        assert.match(errors[0]?.message ?? '', reason);
        assert.ok(['BAD_USER_INPUT', 'FORBIDDEN'].includes(errors[0]?.extensions.code ?? ''));
      }
      assert.deepEqual(await keys('pair', { text: 'green' }), ['grass', 'moss']);
    });
  }

  test('a text of a megabyte is cut to what the model reads', async () => {
    assert.deepEqual(await keys('pair', { text: `${'green '.repeat(16)}${'red '.repeat(240_000)}` }), [
      'grass',
      'moss',
    ]);
  });

  test('models that are of no use say why in the list, and what needs them is refused or fails with the same sentence', async () => {
    const { models } = await data('{ models { name state problem } }');
    const problemOf = (name: string) => models.find((model: { name: string }) => model.name === `broken/${name}`);
    for (const [name, reason] of [
      ['bytes', /model\.onnx is no ONNX model, or a damaged one/],
      ['data', /keeps its weights in the file w\.bin, which is missing/],
      ['foreign', /needs the operator Swirl of "org\.example"/],
    ] as const) {
      assert.equal(problemOf(name).state, 'UNUSABLE', name);
      assert.match(problemOf(name).problem, reason);
      const { errors } = await server.ask(
        'mutation ($input: EmbedItemsInput!) { embedItems(input: $input) { job { id } } }',
        { input: { dataset: 'colours', model: `broken/${name}` } },
      );
      assert.match(errors[0]?.message ?? '', reason);
      assert.equal(errors[0]?.extensions.code, 'BAD_USER_INPUT');
    }
    // What only onnxruntime finds out.
    const { embedItems } = await data(
      'mutation ($input: EmbedItemsInput!) { embedItems(input: $input) { job { id } } }',
      { input: { dataset: 'colours', model: 'broken/unknown' } },
    );
    for (;;) {
      const { job } = await data('query ($id: ID!) { job(id: $id) { state error { code message } } }', {
        id: embedItems.job.id,
      });
      if (job.state === 'QUEUED' || job.state === 'RUNNING') continue;
      assert.equal(job.state, 'FAILED');
      assert.match(job.error.message, /Swirl/);
      assert.notEqual(job.error.code, 'INTERNAL_SERVER_ERROR');
      assert.doesNotMatch(job.error.message, /embedding-map-test/);
      break;
    }
    assert.deepEqual(await keys('pair', { text: 'green' }), ['grass', 'moss'], 'the rest goes on');
  });

  test('a comparison is removed from either side', async () => {
    const remove = `mutation ($input: RemoveComparisonInput!) { removeComparison(input: $input) { removedId } }`;
    const input = { dataset: 'colours', embedding: 'places', other: 'pair' };
    const compared = async () => {
      const { dataset } = await data('{ dataset(slug: "colours") { embedding(name: "pair") { comparisons { id } } } }');
      return dataset.embedding.comparisons;
    };
    const [{ id }] = await compared();
    assert.equal((await data(remove, { input })).removeComparison.removedId, id);
    assert.deepEqual(await compared(), []);
    for (const other of ['pair', 'places']) {
      const { errors } = await server.ask(remove, { input: { ...input, other } });
      assert.match(errors[0]?.message ?? '', new RegExp(`"places" and "${other}" have not been compared`));
    }
  });

  const refused: readonly (readonly [string, string, object, RegExp])[] = [
    [
      'embedItems',
      'EmbedItemsInput',
      { dataset: 'colours', model: 'paar' },
      /There is no model "paar" here\. Did you mean "pair"\?/,
    ],
    [
      'embedItems',
      'EmbedItemsInput',
      { dataset: 'colours', model: 'texts', modality: 'IMAGE' },
      /makes no vectors of pictures/,
    ],
    ['fetchModel', 'FetchModelInput', { name: 'not-an-id' }, /is no id of the hub/],
    [
      'classifyItems',
      'ClassifyItemsInput',
      { dataset: 'colours', embedding: 'places', labels: ['a', 'b'] },
      /takes no texts/,
    ],
    [
      'classifyItems',
      'ClassifyItemsInput',
      { dataset: 'colours', embedding: 'pair', labels: ['red'] },
      /There are 1 labels; wanted: 2 to 1000/,
    ],
    [
      'classifyItems',
      'ClassifyItemsInput',
      { dataset: 'colours', embedding: 'pair', labels: ['red', 'red'] },
      /"red" is given twice/,
    ],
    [
      'classifyItems',
      'ClassifyItemsInput',
      { dataset: 'colours', embedding: 'pair', labels: ['red', ' '] },
      /A label has 1 to 300 characters/,
    ],
    [
      'classifyItems',
      'ClassifyItemsInput',
      { dataset: 'colours', embedding: 'pair', labels: ['red', 'blue'], templates: ['a photo'] },
      /has no place for the label\. Write \{\}/,
    ],
    [
      'classifyItems',
      'ClassifyItemsInput',
      { dataset: 'colours', embedding: 'pair', labels: ['red', 'blue'], logitScale: 0 },
      /logitScale is 0; wanted/,
    ],
    [
      'classifyItems',
      'ClassifyItemsInput',
      { dataset: 'colours', embedding: 'pair', labels: ['red', 'blue'], name: 'a:b' },
      /no colon/,
    ],
    [
      'compareEmbeddings',
      'CompareEmbeddingsInput',
      { dataset: 'colours', embedding: 'pair', other: 'pair' },
      /compared with another one/,
    ],
    [
      'compareEmbeddings',
      'CompareEmbeddingsInput',
      { dataset: 'colours', embedding: 'pair', other: 'places', neighbors: 0 },
      /neighbors is 0; wanted: 1 to 200/,
    ],
    [
      'removeEmbedding',
      'RemoveEmbeddingInput',
      { dataset: 'colours', embedding: 'pairs' },
      /no embedding "pairs"\. Did you mean "pair"/,
    ],
  ];
  for (const [mutation, type, input, reason] of refused) {
    test(`${mutation} refuses ${JSON.stringify(input)}`, async () => {
      const payload = mutation === 'removeEmbedding' ? 'removedId' : 'job { id }';
      const { errors } = await server.ask(`mutation ($input: ${type}!) { ${mutation}(input: $input) { ${payload} } }`, {
        input,
      });
      assert.match(errors[0]?.message ?? '', reason);
      assert.ok(['BAD_USER_INPUT', 'NOT_FOUND'].includes(errors[0]?.extensions.code ?? ''), errors[0]?.extensions.code);
    });
  }

  test("a label without a known word fails its job with the label's name, and an embedding can be removed", async () => {
    const { classifyItems } = await data(
      'mutation ($input: ClassifyItemsInput!) { classifyItems(input: $input) { job { id } } }',
      {
        input: { dataset: 'colours', embedding: 'pair', labels: ['red', 'mauve'] },
      },
    );
    const ask = async () =>
      (await data('query ($id: ID!) { job(id: $id) { state error { message } } }', { id: classifyItems.job.id })).job;
    let job = await ask();
    while (job.state === 'QUEUED' || job.state === 'RUNNING') job = await ask();
    assert.equal(job.state, 'FAILED');
    assert.match(job.error.message, /The text "mauve" has no vector: the model knows none of the words/);

    const { removeEmbedding } = await data(
      'mutation ($input: RemoveEmbeddingInput!) { removeEmbedding(input: $input) { removedId } }',
      {
        input: { dataset: 'colours', embedding: 'places' },
      },
    );
    assert.equal(typeof removeEmbedding.removedId, 'string');
    const { dataset } = await data(
      '{ dataset(slug: "colours") { embedding(name: "places") { name } other: embedding(name: "pair") { comparisons { id } } } }',
    );
    assert.deepEqual(dataset, { embedding: null, other: { comparisons: [] } });
  });
});
