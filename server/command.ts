/**
 * The command line: `embedding-map start | migrate | import | words | work | build | help`. Exits with 0 when all was done, 1
 * when something failed, 2 when the command could not be understood.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { pino } from 'pino';

import packageJson from '../package.json' with { type: 'json' };
import type { RemoteJob } from './commandsOverHttp.ts';
import { type Config, readConfig } from './config.ts';
import type { Database } from './database/database.ts';
import { findServer, openDatabase } from './database/open.ts';
import { didYouMean, UserError } from './errors.ts';
import type { Job } from './jobs/jobs.ts';

interface Option {
  readonly type: 'string' | 'boolean';
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
}

interface Command {
  readonly usage: string;
  readonly help: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Whether names of files may follow. */
  readonly takesFiles: boolean;
  run(given: Given): Promise<void>;
}

interface Given {
  readonly files: readonly string[];
  /** The value of an option, '' of one without value; null where it was not given. */
  text(option: string): string | null;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** What was typed makes no sense. */
class UsageError extends Error {}

const string = (value: string, help: string): Option => ({ type: 'string', value, help });

const commands: Readonly<Record<string, Command>> = {
  start: {
    usage: 'start',
    help: 'Serves, after bringing the database up to date; loads the demo data sets beside it.',
    options: {},
    takesFiles: false,
    run: start,
  },
  migrate: {
    usage: 'migrate [--dataset NAME [--from FOLDER]] [--remove NAME]',
    help: 'Brings the database up to date and loads the demo data sets, or one that a manifest names.',
    options: {
      dataset: string('NAME', 'load this data set'),
      from: string('FOLDER', 'take its files from this folder, in the layout of their source'),
      remove: string('NAME', 'remove this data set'),
    },
    takesFiles: false,
    run: migrate,
  },
  import: {
    usage: 'import FILE... --dataset NAME [options]',
    help: 'Reads files into a data set: tables, vectors, images, graphs, folders and archives of these.',
    options: {
      dataset: string('NAME', 'the data set, which is made when there is none'),
      title: string('TEXT', 'its title'),
      description: string('TEXT', 'what it is'),
      kind: string('KIND', 'TEXT, IMAGE, GRAPH or VECTOR; default: told from the files'),
      key: string('COLUMN', 'the column of keys'),
      label: string('COLUMN', 'the column of labels'),
      vector: string('COLUMN', 'the column of vectors, or "prefix*" for one column per number'),
      text: string('COLUMN', 'the column of texts'),
      image: string('COLUMN', 'the column of images'),
      coordinates: string('X,Y[,Z]', 'the columns of a map that exists already'),
      triples: string('HEAD,RELATION,TAIL', 'the columns of a graph'),
      split: string('VALID,TEST', 'shares of the triples to set aside, such as 0.05,0.05'),
      seed: string('NUMBER', 'seed of that choice; default: 42'),
      embedding: string('NAME', 'name of the embedding'),
      model: string('NAME', 'name of the model that made the vectors'),
      metric: string('METRIC', 'COSINE, EUCLIDEAN or INNER_PRODUCT'),
      'rejection-limit': string('COUNT', 'how many rows may be left out; default: 100'),
      'no-maps': { type: 'boolean', help: 'compute no maps' },
      embed: { type: 'boolean', help: 'embed what is new or has other texts, as the data set was embedded before' },
    },
    takesFiles: true,
    run: importCommand,
  },
  words: {
    usage: 'words [FILE...] --dataset NAME [options]',
    help: 'Learns vectors of the words of text files, a line a sentence, or of a data set of texts.',
    options: {
      dataset: string('NAME', 'the data set of words, which is made'),
      texts: string('NAME', 'the data set whose texts are read instead of files'),
      field: string('FIELD', 'its field that is read; default: text, sentence or content, otherwise the label'),
      title: string('TEXT', 'its title'),
      method: string('METHOD', 'SKIP_GRAM or CBOW; default: SKIP_GRAM'),
      dimension: string('NUMBER', 'numbers per vector; default: 100'),
      window: string('NUMBER', 'words to either side that count as near; default: 5'),
      negatives: string('NUMBER', 'words that each is told apart from; default: 5'),
      epochs: string('NUMBER', 'times the text is gone through; default: 5'),
      'min-count': string('NUMBER', 'words that occur less often are left out; default: 5'),
      seed: string('NUMBER', 'seed of every choice by chance; default: 42'),
      'no-maps': { type: 'boolean', help: 'compute no maps' },
    },
    takesFiles: true,
    run: wordsCommand,
  },
  work: {
    usage: 'work',
    help: 'Only works at jobs, beside servers that share the Postgres of DATABASE_URL.',
    options: {},
    takesFiles: false,
    run: workOnly,
  },
  build: {
    usage: 'build',
    help: 'Builds the element and the pages, which `start` does by itself.',
    options: {},
    takesFiles: false,
    run: build,
  },
};

async function main(args: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(130); // asked twice: at once
      interrupted.abort();
    });
  }
  try {
    const [name = 'help', ...rest] = args;
    if (['help', '--help', '-h'].includes(name)) return print(help(rest[0]));
    if (['--version', '-v', 'version'].includes(name)) return print(packageJson.version);
    const command = commands[name];
    if (command === undefined || !Object.hasOwn(commands, name)) {
      throw new UsageError(`There is no command "${name}".${didYouMean(name, [...Object.keys(commands), 'help'])}`);
    }
    if (rest.includes('--help') || rest.includes('-h')) return print(help(name));
    await command.run(parse(command, rest, interrupted.signal));
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) {
      process.stderr.write('Interrupted. The same command goes on where it stopped.\n');
      return 130;
    }
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\nembedding-map help lists what there is.\n`);
      return 2;
    }
    process.stderr.write(`${error instanceof UserError ? error.message : describe(error)}\n`);
    return 1;
  }
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** @throws UsageError naming what is not known, missing or too much */
function parse({ options, takesFiles }: Command, args: readonly string[], signal: AbortSignal): Given {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const names = Object.keys(options).map((name) => `--${name}`);
  const values = new Map<string, string>();
  const files: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') files.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) {
      throw new UsageError(`There is no option ${token.rawName}.${didYouMean(token.rawName, names)}`);
    }
    if (option.type === 'string' && (token.value === undefined || token.value.trim() === '')) {
      throw new UsageError(`${token.rawName} wants a value: ${token.rawName} ${option.value}.`);
    }
    if (values.has(token.name)) throw new UsageError(`${token.rawName} was given twice.`);
    values.set(token.name, token.value ?? '');
  }
  if (!takesFiles && files.length > 0) {
    throw new UsageError(`Nothing was expected beside options; "${files[0]}" came.${didYouMean(files[0] ?? '', [])}`);
  }
  return { files, signal, text: (option) => values.get(option) ?? null };
}

function help(name?: string): string {
  const command = name === undefined ? undefined : commands[name];
  if (command === undefined) {
    const lines = Object.values(commands).map(({ usage, help }) => `  ${usage}\n      ${help}`);
    return `embedding-map ${packageJson.version}\n\n${lines.join('\n')}\n  help [COMMAND], --version\n\nThe environment variables stand in the README.`;
  }
  const options = Object.entries(command.options).map(
    ([option, { value, help }]) => `  ${`--${option} ${value ?? ''}`.padEnd(26)} ${help}`,
  );
  return [`embedding-map ${command.usage}`, '', command.help, '', ...options].join('\n').trimEnd();
}

// start, work, build -------------------------------------------------------------------------------------------------

/** Before a data set that has no maps of its own those of the others are made: they are there in this time, or at least asked for. */
const WITHOUT_MAPS_DELAY_MS = 30_000;

async function start({ signal }: Given): Promise<void> {
  const config = readConfig();
  const { requireManifest } = await import('./datasets/manifests.ts');
  // A slip is told before anything is opened.
  const demos = [];
  for (const slug of config.demoDatasets) demos.push(await requireManifest(slug));
  const { startServer } = await import('./index.ts');
  const server = await startServer(config);
  try {
    const { queueManifest } = await import('./datasets/loadManifest.ts');
    const loading: string[] = [];
    for (const { slug, kind } of demos) {
      const delayMs = kind === 'GRAPH' && demos.length > 1 ? WITHOUT_MAPS_DELAY_MS : 0;
      const options = { datasetsDir: config.datasetsDir, evenIfRemoved: false, delayMs };
      const { job } = await queueManifest(server.database, slug, options);
      if (job !== null) loading.push(slug);
    }
    print(`embedding-map is at ${server.url}/`);
    if (loading.length > 0) print(`Loading ${loading.join(', ')}; their maps appear as they are done.`);
    await interruption(signal);
  } finally {
    await server.close();
  }
}

async function workOnly({ signal }: Given): Promise<void> {
  const config = readConfig();
  if (config.databaseUrl === null) {
    throw new UserError(
      'BAD_USER_INPUT',
      'Set DATABASE_URL: only a Postgres can be shared with a server. The embedded database has its workers in the server.',
    );
  }
  const { migrateSchema } = await import('./migrate.ts');
  const { startWorkers } = await import('./jobs/workers.ts');
  const database = await openDatabase(config);
  try {
    await migrateSchema(database);
    const count = Math.max(1, config.workers);
    const workers = await startWorkers(
      database,
      { ...config, workers: count },
      { log: pino({ level: config.logLevel }) },
    );
    print(`Working at jobs, ${count} at once.`);
    await interruption(signal);
    await workers.stop();
  } finally {
    await database.close();
  }
}

async function build(): Promise<void> {
  const { buildWidget } = await import('../widget/build.ts');
  const { gzipBytes, built } = await buildWidget(fileURLToPath(new URL('../dist/', import.meta.url)));
  print(`embedding-map.js: ${Math.round(gzipBytes / 1000)} kB compressed${built ? '' : ', up to date'}`);
}

/** Resolves when the user interrupts. */
function interruption(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    // A promise alone does not keep a process alive that has handed its work to threads.
    const alive = setInterval(() => {}, 1 << 30);
    signal.addEventListener('abort', () => clearInterval(alive), { once: true });
  });
}

// migrate, import ----------------------------------------------------------------------------------------------------

async function migrate({ text, signal }: Given): Promise<void> {
  const config = readConfig();
  const [dataset, from, remove] = [text('dataset'), text('from'), text('remove')];
  if (from !== null && dataset === null) throw new UsageError('--from wants --dataset NAME beside it.');
  await withDatabase(config, async (database) => {
    const { queueManifest } = await import('./datasets/loadManifest.ts');
    if (remove !== null) await removeWithJobs(database, remove);
    const slugs = dataset !== null ? [dataset] : remove === null ? config.demoDatasets : [];
    for (const slug of slugs) {
      const { datasetsDir } = config;
      const { state, job } = await queueManifest(database, slug, {
        from,
        datasetsDir,
        evenIfRemoved: dataset !== null,
      });
      if (job !== null) await finishJob(database, config, job, signal);
      else if (state === 'LOADED') print(`${slug} is up to date.`);
      else print(`${slug} was removed and stays so. To load it again: npm run migrate -- --dataset ${slug}`);
    }
    await finishOthers(database, config, signal);
  });
}

async function removeWithJobs(database: Database, slug: string): Promise<void> {
  const { requireDataset } = await import('./datasets/datasets.ts');
  const { removeDataset } = await import('./datasets/removeDataset.ts');
  const { cancelJobsOf } = await import('./jobs/jobs.ts');
  const { id, itemCount } = await requireDataset(database, slug);
  await cancelJobsOf(database, id);
  await removeDataset(database, slug);
  print(`Removed ${slug} with ${itemCount} items.`);
}

async function importCommand(given: Given): Promise<void> {
  const config = readConfig();
  const { files, text, signal } = given;
  const dataset = text('dataset');
  if (dataset === null) throw new UsageError('Name the data set: --dataset NAME.');
  if (files.length === 0)
    throw new UsageError('Name the files to be read: embedding-map import FILE... --dataset NAME.');
  const { checkSlug, datasetKinds } = await import('./datasets/datasets.ts');
  const { metrics } = await import('./embeddings/embeddings.ts');
  checkSlug(dataset);
  const paths = files.map((file) => resolve(file));
  const marks = await Promise.all(paths.map(describeFile));
  const limit = text('rejection-limit');
  if (limit !== null && !/^\d{1,15}$/.test(limit)) {
    throw new UsageError(`--rejection-limit is "${limit}"; wanted: a whole number.`);
  }
  const input = {
    ...{ dataset, paths },
    ...{ title: text('title'), description: text('description'), kind: oneOf('kind', text('kind'), datasetKinds) },
    ...{ embedding: text('embedding'), model: text('model'), metric: oneOf('metric', text('metric'), metrics) },
    rejectionLimit: limit === null ? null : Number(limit),
    projections: text('no-maps') === null ? null : [],
    embed: text('embed') !== null,
    columns: {
      ...{ key: text('key'), label: text('label'), vector: text('vector'), text: text('text'), image: text('image') },
      coordinates:
        text('coordinates')
          ?.split(',')
          .map((name) => name.trim()) ?? null,
      ...triplesOption(text('triples')),
    },
    ...splitOption(text('split'), text('seed')),
  };
  try {
    await withDatabase(config, async (database) => {
      const { addJob } = await import('./jobs/jobs.ts');
      const { takeBackFrom } = await import('./jobs/claims.ts');
      // The same files again are the same job: one that was interrupted is gone on with.
      const idempotencyKey = createHash('sha256')
        .update(JSON.stringify([input, marks]))
        .digest('hex');
      if (database.engine === 'pglite') await takeBackFrom(database, null); // whoever worked there is dead
      const job = await addJob(database, { kind: 'IMPORT_DATASET', input, idempotencyKey });
      await finishJob(database, config, job, signal);
      await finishOthers(database, config, signal);
    });
  } catch (error) {
    const { importOverHttp } = await import('./commandsOverHttp.ts');
    await sendToServer(config, error, dataset, (url) =>
      importOverHttp({ url, token: config.authToken, signal }, input),
    );
  }
}

/**
 * Where a server has the embedded database open, it does the work.
 * @param error why the database could not be opened: anything else is thrown again
 */
async function sendToServer(
  config: Config,
  error: unknown,
  dataset: string,
  send: (url: string) => AsyncIterable<RemoteJob>,
): Promise<void> {
  const url = error instanceof UserError && error.code === 'UNAVAILABLE' ? await findServer(config) : null;
  if (url === null) throw error;
  print(`The server at ${url} has the database open; the files are sent there.`);
  const { hasEnded } = await import('./jobs/jobs.ts');
  const line = progressLine(dataset);
  for await (const job of send(url)) {
    line.show(job.stage, job.progress);
    if (!hasEnded(job.state)) continue;
    line.end();
    report(job, job.rejections, `${dataset} is at ${url}/#${dataset}`);
  }
}

function triplesOption(given: string | null): { head?: string; relation?: string; tail?: string } {
  if (given === null) return {};
  const [head = '', relation = '', tail = '', ...more] = given.split(',').map((name) => name.trim());
  if (more.length > 0 || [head, relation, tail].includes('')) {
    throw new UsageError(`--triples is "${given}"; wanted: the names of three columns, HEAD,RELATION,TAIL.`);
  }
  return { head, relation, tail };
}

function splitOption(
  given: string | null,
  seed: string | null,
): { split?: { validation: number; test: number; seed: number } } {
  if (given === null && seed !== null) throw new UsageError('--seed wants --split VALID,TEST beside it.');
  if (given === null) return {};
  const shares = given.split(',').map((share) => (share.trim() === '' ? Number.NaN : Number(share)));
  const [validation = Number.NaN, test = Number.NaN] = shares;
  if (shares.length !== 2 || !(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new UsageError(
      `--split is "${given}"; wanted: two shares from 0 on, less than 1 together, such as 0.05,0.05.`,
    );
  }
  if (seed !== null && !/^\d{1,9}$/.test(seed)) throw new UsageError(`--seed is "${seed}"; wanted: a whole number.`);
  return { split: { validation, test, seed: Number(seed ?? 42) } };
}

async function wordsCommand({ files, text, signal }: Given): Promise<void> {
  const config = readConfig();
  const [dataset, from, method] = [text('dataset'), text('texts'), text('method')];
  if (dataset === null) throw new UsageError('Name the data set of words: --dataset NAME.');
  if (files.length > 0 === (from !== null)) {
    throw new UsageError('Name text files, or a data set of texts by --texts NAME; one of both.');
  }
  const number = (option: string, standard: number): number => {
    const given = text(option);
    if (given !== null && !/^\d{1,9}$/.test(given)) {
      throw new UsageError(`--${option} is "${given}"; wanted: a whole number.`);
    }
    return given === null ? standard : Number(given);
  };
  const paths = files.map((file) => resolve(file));
  const marks = await Promise.all(paths.map(describeFile));
  const { checkTraining } = await import('./words/checkTraining.ts');
  const { defaultTraining } = await import('./words/trainWordVectors.ts');
  const input = {
    ...defaultTraining,
    ...{ dataset, title: text('title'), texts: { dataset: from, field: text('field'), paths } },
    method: oneOf('method', method, ['SKIP_GRAM', 'CBOW']) ?? defaultTraining.method,
    dimension: number('dimension', defaultTraining.dimension),
    window: number('window', defaultTraining.window),
    negatives: number('negatives', defaultTraining.negatives),
    epochs: number('epochs', defaultTraining.epochs),
    minCount: number('min-count', defaultTraining.minCount),
    seed: number('seed', defaultTraining.seed),
    projections: text('no-maps') === null ? null : [],
  };
  try {
    await withDatabase(config, async (database) => {
      const { addJob, listJobs } = await import('./jobs/jobs.ts');
      const { takeBackFrom } = await import('./jobs/claims.ts');
      // The same texts again are the same job: one that was interrupted is gone on with.
      const idempotencyKey = createHash('sha256')
        .update(JSON.stringify([input, marks]))
        .digest('hex');
      if (database.engine === 'pglite') await takeBackFrom(database, null); // whoever worked there is dead
      const { jobs } = await listJobs(database, { first: 1000, state: 'QUEUED' });
      if (!jobs.some(({ input: other }) => Object(other).dataset === dataset)) await checkTraining(database, input);
      const job = await addJob(database, { kind: 'TRAIN_WORD_VECTORS', input, idempotencyKey });
      await finishJob(database, config, job, signal);
      await finishOthers(database, config, signal);
    });
  } catch (error) {
    const { learnWordsOverHttp } = await import('./commandsOverHttp.ts');
    await sendToServer(config, error, dataset, (url) =>
      learnWordsOverHttp({ url, token: config.authToken, signal }, input),
    );
  }
}

/** What changes when a file does. @throws UserError where there is none */
async function describeFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new UserError('BAD_USER_INPUT', `There is no file ${path}.`);
  return `${found.size} ${found.mtimeMs}`;
}

function oneOf<T extends string>(option: string, given: string | null, allowed: readonly T[]): T | null {
  if (given === null) return null;
  const found = allowed.find((value) => value === given.toUpperCase());
  if (found === undefined) throw new UsageError(`--${option} is "${given}"; wanted: ${allowed.join(', ')}.`);
  return found;
}

/** Lends the database, brought up to date. */
async function withDatabase(config: Config, use: (database: Database) => Promise<void>): Promise<void> {
  const { migrateSchema } = await import('./migrate.ts');
  const database = await openDatabase(config);
  try {
    await migrateSchema(database);
    await use(database);
  } finally {
    await database.close();
  }
}

/** Works at a job here until it has ended, showing how far it is. @throws UserError why it failed */
async function finishJob(database: Database, config: Config, queued: Job, signal: AbortSignal): Promise<void> {
  const { listRejections, resumeJob, watchJob } = await import('./jobs/jobs.ts');
  const { tasks } = await import('./jobs/tasks.ts');
  const { workHere } = await import('./jobs/work.ts');
  const { findDatasetsById } = await import('./datasets/datasets.ts');
  const jobId = queued.id;
  await resumeJob(database, jobId); // who asks for it again wants it to go on
  const line = progressLine(nameOf(queued));
  const over = new AbortController();
  const watching = (async () => {
    for await (const { stage, progress } of watchJob(database, jobId, over.signal)) line.show(stage, progress);
  })();
  watching.catch(() => {}); // what it shows is missed, no more
  const level = config.logLevel === 'info' ? 'error' : config.logLevel;
  const log = pino({ level }, pino.destination({ dest: 2, sync: true }));
  const worker = `${hostname()}/${process.pid}/command`;
  const job = await workHere(database, jobId, {
    worker,
    dataDir: config.dataDir,
    models: config,
    log,
    stop: signal,
    tasks,
  });
  over.abort();
  await watching.catch(() => {});
  line.end();
  signal.throwIfAborted();
  const [dataset] = await findDatasetsById(database, job.result?.dataset === undefined ? [] : [job.result.dataset]);
  const makesDataset = ['IMPORT_DATASET', 'LOAD_DATASET', 'TRAIN_WORD_VECTORS'].includes(job.kind);
  const what = makesDataset && dataset ? `${dataset.slug}: ${dataset.itemCount} items` : null;
  report(job, await listRejections(database, jobId, REJECTIONS_SHOWN), what);
}

/** What a person calls a job by: the data set, the map. */
function nameOf({ kind, input }: Job): string {
  const { slug, dataset, name }: { slug?: string; dataset?: string; name?: string } = Object(input);
  return slug ?? dataset ?? (name === undefined ? kind : `map ${name}`);
}

/** Works at what the jobs before have queued: the maps. */
async function finishOthers(database: Database, config: Config, signal: AbortSignal): Promise<void> {
  const { listJobs } = await import('./jobs/jobs.ts');
  for (;;) {
    const { jobs } = await listJobs(database, { first: 1000, state: 'QUEUED' });
    const next = jobs.at(-1);
    if (next === undefined) return;
    await finishJob(database, config, next, signal);
  }
}

const REJECTIONS_SHOWN = 5;

interface EndedJob {
  readonly state: string;
  readonly error: { readonly message: string } | null;
  readonly warnings: readonly string[];
  readonly rejectedCount: number | string;
}

/** @throws UserError why the job failed */
function report(
  { state, error, warnings, rejectedCount }: EndedJob,
  rejections: readonly { readonly file: string; readonly line: number | string | null; readonly reason: string }[],
  what: string | null,
): void {
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  if (Number(rejectedCount) > 0) {
    process.stderr.write(`${rejectedCount} ${Number(rejectedCount) === 1 ? 'row was' : 'rows were'} left out:\n`);
    for (const { file, line, reason } of rejections.slice(0, REJECTIONS_SHOWN)) {
      process.stderr.write(`  ${file}${line === null ? '' : `, line ${line}`}: ${reason}\n`);
    }
  }
  if (state === 'CANCELLED') throw new UserError('CANCELLED', 'The job was cancelled.');
  if (state !== 'SUCCEEDED') throw new UserError('BAD_USER_INPUT', error?.message ?? `The job ended as ${state}.`);
  if (what !== null) print(what);
}

/** One line that changes on a terminal; elsewhere a line for each stage. */
function progressLine(name: string): { show(stage: string | null, progress: number | null): void; end(): void } {
  const terminal = process.stderr.isTTY;
  let shown = '';
  return {
    show(stage, progress) {
      if (stage === null) return;
      const percent = progress === null ? '' : ` ${Math.floor(progress * 100)} %`;
      const text = `${name}: ${stage}${terminal ? percent : ''}`;
      if (text === shown) return;
      shown = text;
      process.stderr.write(terminal ? `\r\x1b[2K${text}` : `${text}\n`);
    },
    end() {
      if (terminal && shown !== '') process.stderr.write('\r\x1b[2K');
    },
  };
}

process.exit(await main(process.argv.slice(2)));
