/** Who may import whom, and what may stand where: the plan of the house, checked. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { test } from 'node:test';

const root = new URL('../', import.meta.url);

/** Sources by their path from the root. */
type Sources = ReadonlyMap<string, string>;

async function readSources(): Promise<Sources> {
  const sources = new Map<string, string>();
  for (const folder of ['server', 'widget', 'migrations']) {
    for (const entry of await readdir(new URL(folder, root), { recursive: true, withFileTypes: true })) {
      const path = posix.join(entry.parentPath.slice(root.pathname.length), entry.name);
      if (entry.isFile() && /\.(ts|mjs)$/.test(path)) sources.set(path, await readFile(new URL(path, root), 'utf8'));
    }
  }
  return sources;
}

interface Import {
  /** A path from the root, or the name of a package. */
  readonly from: string;
  readonly typeOnly: boolean;
}

const importPattern =
  /^(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|new URL\(\s*'(\.[^']+\.[mc]?[tj]s)'/gm;

function importsOf(path: string, source: string): Import[] {
  return [...source.matchAll(importPattern)].map(([, type, ...names]) => {
    const name = names.find((given) => given !== undefined) ?? '';
    const from = name.startsWith('.')
      ? posix.join(posix.dirname(path), name)
      : name.replace(/^#kernels\//, 'server/kernels/');
    return { from, typeOnly: type !== undefined };
  });
}

/** In the first folder that fits: what its files may import, beside their own folder. */
const arrows: readonly { readonly files: RegExp; readonly may: RegExp; readonly why: string }[] = [
  {
    files: /^server\/kernels\//,
    may: /^server\/kernels\//,
    why: 'kernels run anywhere: they import only themselves',
  },
  {
    files: /^server\/generated\//,
    may: /^(graphql$|server\/)/,
    why: 'generated types name the records they stand for',
  },
  {
    files: /^server\/(errors|config|limits|thread)\.ts$/,
    may: /^(node:|graphql$|server\/errors\.ts$|server\/thread\.mjs$)/,
    why: 'what everything stands on stands on nothing',
  },
  {
    files: /^server\/(database\/|migrate\.ts$)/,
    may: /^(node:|(?!server\/|widget\/)|server\/(database\/|errors\.ts$|config\.ts$|thread\.ts$))/,
    why: 'the database knows none of the nouns',
  },
  {
    files: /^server\/datasets\/formats\//,
    may: /^(node:|(?!server\/|widget\/|pg$|@electric-sql)|server\/(datasets\/formats\/|errors\.ts$|kernels\/))/,
    why: 'formats turn bytes into rows and know no database',
  },
  {
    // What fills a data set makes all that belongs to it.
    files: /^server\/datasets\/((import|load|remove)\w*|manifests|staging)\.ts$/,
    may: /^(node:|(?!server\/|widget\/)|server\/(datasets|embeddings|projections|clusterings|graphs|kernels|database)\/|server\/(errors|config|compute)\.ts$|server\/jobs\/(task|jobs)\.ts$|migrations\/)/,
    why: 'verbs over a whole data set know its parts, and may add jobs, but know no task',
  },
  {
    files: /^server\/datasets\//,
    may: /^(node:|(?!server\/|widget\/)|server\/(datasets|database|kernels)\/|server\/(errors|config)\.ts$|server\/jobs\/task\.ts$|migrations\/)/,
    why: 'data sets are at the bottom of the domain',
  },
  {
    // Embeddings in memory lie in a thread of their own.
    files: /^server\/embeddings\/resident(\.worker)?\.ts$/,
    may: /^(node:|server\/(embeddings|database|kernels)\/|server\/(thread|cpuThreads|backends|config)\.ts$)/,
    why: 'what holds vectors in memory knows no items',
  },
  {
    files: /^server\/models\/onnx\//,
    may: /^(node:|server\/models\/onnx\/)/,
    why: 'what reads and writes ONNX files knows nothing else',
  },
  {
    files: /^server\/models\//,
    may: /^(node:|(?!server\/|widget\/|pg$|@electric-sql)|server\/(models|kernels)\/|server\/datasets\/(images|formats\/images)\.ts$|server\/(errors|config|compute|serveKernels)\.ts$|server\/jobs\/task\.ts$)/,
    why: 'models make vectors of texts and pictures, whoever has them, and know no database',
  },
  {
    // What embeds a data set makes its maps as well.
    files: /^server\/embeddings\/embedItems\.ts$/,
    may: /^(node:|(?!server\/|widget\/)|server\/(embeddings|models|datasets|database|kernels)\/|server\/errors\.ts$|server\/jobs\/(task|jobs)\.ts$)/,
    why: 'a verb that leaves work behind may add jobs, but knows no task',
  },
  {
    files: /^server\/embeddings\//,
    may: /^(node:|(?!server\/|widget\/)|server\/(embeddings|models|datasets|database|kernels)\/|server\/(errors|config|compute)\.ts$|server\/jobs\/task\.ts$)/,
    why: 'embeddings stand on data sets and models, and know of jobs only their context',
  },
  {
    files: /^server\/projections\//,
    may: /^(node:|(?!server\/|widget\/)|server\/(projections|embeddings|datasets|database|kernels)\/|server\/(errors|config|compute|backends)\.ts$|server\/jobs\/task\.ts$)/,
    why: 'projections stand on embeddings, and know of jobs only their context',
  },
  {
    // What trains a graph shows where its entities are, and leaves a map of them.
    files: /^server\/graphs\/trainGraph\.ts$/,
    may: /^(node:|(?!server\/|widget\/)|server\/(graphs|projections|embeddings|datasets|database|kernels)\/|server\/(errors|compute|backends|graphKernels\.worker)\.ts$|server\/jobs\/task\.ts$)/,
    why: 'a verb that makes a map stands on projections',
  },
  {
    files: /^server\/graphs\//,
    may: /^(node:|(?!server\/|widget\/)|server\/(graphs|embeddings|datasets|database|kernels)\/|server\/(errors|config|compute|cpuThreads|backends|graphKernels\.worker)\.ts$|server\/jobs\/task\.ts$)/,
    why: 'graphs stand on embeddings and data sets, and know of jobs only their context',
  },
  {
    files: /^server\/clusterings\//,
    may: /^(node:|(?!server\/|widget\/)|server\/(clusterings|projections|embeddings|datasets|database|kernels)\/|server\/(errors|compute)\.ts$|server\/jobs\/task\.ts$)/,
    why: 'clusterings stand on projections and embeddings, and know of jobs only their context',
  },
  {
    files: /^server\/words\//,
    may: /^(node:|(?!server\/|widget\/)|server\/(words|projections|embeddings|datasets|database|kernels)\/|server\/(errors|compute)\.ts$|server\/jobs\/(task|jobs)\.ts$)/,
    why: 'words are data sets with embeddings and maps; what makes them may add jobs, but knows no task',
  },
  {
    files: /^server\/jobs\/(tasks|worker|workers)\.ts$/,
    may: /^(node:|(?!server\/|widget\/)|server\/(jobs|words|clusterings|graphs|projections|embeddings|models|datasets|database)\/|server\/(errors|config|thread)\.ts$)/,
    why: 'here queue and verbs meet, and nothing of the answers to requests',
  },
  {
    files: /^server\/jobs\//,
    may: /^(node:|(?!server\/|widget\/)|server\/jobs\/(?!tasks\.ts)|server\/database\/|server\/(errors|config)\.ts$)/,
    why: 'jobs do not know the tasks, so that a resolver can add one without pulling in the work',
  },
  {
    files: /^server\/resolvers\//,
    may: /^(node:|(?!server\/|widget\/)|server\/(resolvers|generated|words|datasets|models|embeddings|projections|graphs|clusterings|database)\/|server\/jobs\/jobs\.ts$|server\/(errors|config|limits|access)\.ts$)/,
    why: 'resolvers stand on the domain, and on no task or route',
  },
  {
    files: /^server\/routes\//,
    may: /^(node:|(?!server\/|widget\/)|server\/(routes|resolvers|datasets|embeddings|projections|graphs|database)\/|server\/(errors|config|limits|origins|access|services|graphql)\.ts$|widget\/build\.ts$)/,
    why: 'routes stand on the domain, and on no server',
  },
  {
    files: /^widget\/build\.ts$/,
    may: /^(node:|(?!server\/)|widget\/|server\/errors\.ts$)/,
    why: 'the build of the widget runs on the server',
  },
  {
    files: /^widget\//,
    may: /^((?!server\/|node:)|widget\/|server\/kernels\/|server\/generated\/schema\.ts$)/,
    why: 'the widget runs in a browser: of the server it knows kernels and types',
  },
];

/** Words that may stand in some files only. */
const words: readonly { readonly word: RegExp; readonly only: RegExp; readonly why: string }[] = [
  { word: /process\.env\b/, only: /^server\/(config\.ts|install\.mjs)$/, why: 'only config.ts reads the environment' },
  {
    word: /`\s*(select|insert into|update|delete from|create (table|index)|alter table|drop) |'(select|insert into|update|delete from) /i,
    only: /^server\/(database\/|migrate\.ts$|datasets\/[a-z][A-Za-z]*\.ts$|embeddings\/[a-z][A-Za-z]*\.ts$|projections\/[a-z][A-Za-z]*\.ts$|graphs\/[a-z][A-Za-z]*\.ts$|clusterings\/[a-z][A-Za-z]*\.ts$|words\/evaluations\.ts$|jobs\/(jobs|claims)\.ts$|routes\/health\.ts$)/,
    why: 'SQL stands with the nouns',
  },
  {
    word: /(?<![.#\w])fetch\(/,
    only: /^widget\/client\.ts$|^server\/(routes\/graphiql|commandsOverHttp|models\/fetchModel)\.ts$|^server\/datasets\//,
    why: 'requests are made in few places: the client of the widget, downloads, and the command line',
  },
  {
    word: /(?<!function )\b(pairNamesakes|indexNames|solveNewEntity|solveEntity)\(/,
    only: /^server\/kernels\/|\.worker\.ts$/,
    why: 'what takes seconds of a large graph runs in a thread of kernels, and holds up no answer',
  },
];

/** What a kernel is not to find by itself: it is given a clock, a seed and a device. */
const outsideOfKernels =
  /\b(Math\.random|Date\.now|performance\.|console\.|process\.|document\.|window\.|navigator\.|fetch\()/;

function violations(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, source] of sources) {
    const code = source.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    const arrow = arrows.find(({ files }) => files.test(path));
    for (const { from } of arrow === undefined ? [] : importsOf(path, code)) {
      if (!arrow?.may.test(from)) found.push(`${path} imports ${from}: ${arrow?.why}`);
    }
    for (const { word, only, why } of words) {
      if (word.test(code) && !only.test(path)) found.push(`${path} has ${word.exec(code)?.[0]}: ${why}`);
    }
    if (path.startsWith('server/kernels/') && outsideOfKernels.test(code)) {
      found.push(`${path} has ${outsideOfKernels.exec(code)?.[0]}: kernels are given what they need`);
    }
  }
  return found;
}

/** Files that import each other, as a path that comes back, or null. Types do not count: they are gone when it runs. */
function circle(sources: Sources): string[] | null {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    const source = sources.get(path);
    if (done.has(path) || source === undefined) return null;
    for (const { from, typeOnly } of importsOf(path, source)) {
      const found = typeOnly ? null : visit(from, [...trail, path]);
      if (found !== null) return found;
    }
    done.add(path);
    return null;
  };
  for (const path of sources.keys()) {
    const found = visit(path, []);
    if (found !== null) return found;
  }
  return null;
}

test('imports flow one way, and what belongs to one place stands nowhere else', async () => {
  assert.deepEqual(violations(await readSources()), []);
});

test('no files import each other in a circle', async () => {
  assert.equal(circle(await readSources()), null);
});

test('what breaks the plan is found', () => {
  const wrong: readonly (readonly [string, string])[] = [
    ['server/kernels/pca.ts', "import { readFile } from 'node:fs';"],
    ['server/kernels/pca.ts', "import { UserError } from '../errors.ts';"],
    ['server/kernels/pca.ts', 'const seed = Math.random();'],
    ['server/errors.ts', "import { addJob } from './jobs/jobs.ts';"],
    ['server/database/postgres.ts', "import { addJob } from '../jobs/jobs.ts';"],
    ['server/datasets/formats/npy.ts', "import type { Database } from '../../database/database.ts';"],
    ['server/models/encode.ts', "import { listEmbeddings } from '../embeddings/embeddings.ts';"],
    ['server/models/onnx/graph.ts', "import { UserError } from '../../errors.ts';"],
    ['server/datasets/datasets.ts', "import { listEmbeddings } from '../embeddings/embeddings.ts';"],
    ['server/embeddings/nearest.ts', "import { listProjections } from '../projections/projections.ts';"],
    ['server/graphs/paths.ts', "import { listProjections } from '../projections/projections.ts';"],
    ['server/projections/projectEmbedding.ts', "import { addJob } from '../jobs/jobs.ts';"],
    ['server/projections/projections.ts', "import { listClusterings } from '../clusterings/clusterings.ts';"],
    ['server/words/trainWordVectors.ts', "import { tasks } from '../jobs/tasks.ts';"],
    ['server/embeddings/nearest.ts', "import { listEvaluations } from '../words/evaluations.ts';"],
    ['server/jobs/jobs.ts', "import { tasks } from './tasks.ts';"],
    ['server/resolvers/job.ts', "import { tasks } from '../jobs/tasks.ts';"],
    ['server/resolvers/job.ts', "import { startServer } from '../index.ts';"],
    ['server/routes/images.ts', "import { createHttp } from '../http.ts';"],
    ['server/resolvers/job.ts', 'const rows = await database.query(`select id from jobs`);'],
    ['server/http.ts', 'const port = process.env.PORT;'],
    ['server/graphs/findDuplicates.ts', 'const pairs = pairNamesakes(labels, 0.7);'],
    ['widget/points.ts', "import { requireDataset } from '../server/datasets/datasets.ts';"],
    ['widget/points.ts', "import { readFile } from 'node:fs';"],
    ['widget/points.ts', "const response = await fetch('/graphql');"],
  ];
  for (const [path, source] of wrong) {
    assert.equal(violations(new Map([[path, source]])).length, 1, `${path}: ${source}`);
  }
});

test('a circle is found, and one of types alone is none', () => {
  const pair = (kind: string): Sources =>
    new Map([
      ['server/a.ts', "import { b } from './b.ts';"],
      ['server/b.ts', `import ${kind}{ a } from './a.ts';`],
    ]);
  assert.deepEqual(circle(pair('')), ['server/a.ts', 'server/b.ts', 'server/a.ts']);
  assert.equal(circle(pair('type ')), null);
});
