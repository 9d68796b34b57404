/** Table `word_evaluations`: how well the vectors of words answer files of tests. */
import type { Queryable, Row } from '../database/database.ts';
import type { Embedding } from '../embeddings/embeddings.ts';
import { didYouMean, UserError } from '../errors.ts';

/** A section of a file of tests; of a file without sections the whole. */
export interface EvaluatedSection {
  readonly name: string;
  readonly questions: number;
  /** Questions of which every word has a vector. */
  readonly known: number;
  /** Analogies that were answered rightly, by each method; null for similarity. */
  readonly right: { readonly add: number; readonly multiply: number } | null;
  /** Spearman's correlation with the scores of people; null for analogies, and where there is no order to compare. */
  readonly correlation: number | null;
}

export interface WordEvaluation {
  readonly id: number;
  readonly embeddingId: number;
  /** Of the file. */
  readonly name: string;
  readonly kind: 'ANALOGIES' | 'SIMILARITY';
  /** Words among which answers were looked for. */
  readonly words: number;
  /** Of the embedding when it was evaluated. */
  readonly embeddingVersion: number;
  readonly sections: readonly EvaluatedSection[];
  readonly createdAt: Date;
}

interface WordEvaluationRow extends WordEvaluation, Row {}

const columns = `id, embedding_id as "embeddingId", name, kind, words, embedding_version as "embeddingVersion", sections,
  created_at as "createdAt"`;

/** The evaluations of an embedding, in the order of the names of their files. */
export async function listEvaluations(database: Queryable, embeddingId: number): Promise<WordEvaluation[]> {
  return await database.query<WordEvaluationRow>(
    `select ${columns} from word_evaluations where embedding_id = $1::int order by name`,
    [embeddingId],
  );
}

/** The evaluations of these ids, in their order, null where there is none. */
export async function findEvaluationsById(
  database: Queryable,
  ids: readonly number[],
): Promise<(WordEvaluation | null)[]> {
  const rows = await database.query<WordEvaluationRow>(
    `select ${columns} from word_evaluations where id = any ($1::int[])`,
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** The evaluation by the file of that name. @throws UserError NOT_FOUND with the names that there are */
export async function requireEvaluation(
  database: Queryable,
  embeddingId: number,
  name: string,
): Promise<WordEvaluation> {
  const all = await listEvaluations(database, embeddingId);
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = all.map((each) => each.name);
  const near = didYouMean(name, names) || (names.length > 0 ? ` There is ${names.join(', ')}.` : '');
  throw new UserError('NOT_FOUND', `The embedding has no evaluation by "${name}".${near}`);
}

export async function removeEvaluation(database: Queryable, { id }: Pick<WordEvaluation, 'id'>): Promise<void> {
  await database.query('delete from word_evaluations where id = $1::int', [id]);
}

/** Keeps an evaluation in place of that by the file of the same name. @returns its id */
export async function replaceEvaluation(
  transaction: Queryable,
  embedding: Pick<Embedding, 'id'>,
  { name, kind, words, embeddingVersion, sections }: Omit<WordEvaluation, 'id' | 'embeddingId' | 'createdAt'>,
): Promise<number> {
  const [kept] = await transaction.query<{ id: number }>(
    `insert into word_evaluations (embedding_id, name, kind, words, embedding_version, sections)
     values ($1::int, $2::text, $3::text, $4::int, $5::bigint, $6::jsonb)
     on conflict (embedding_id, name) do update set kind = excluded.kind, words = excluded.words,
       embedding_version = excluded.embedding_version, sections = excluded.sections, created_at = now()
     returning id`,
    [embedding.id, name, kind, words, embeddingVersion, JSON.stringify(sections)],
  );
  if (kept === undefined) throw new Error('insert … returning gave no row');
  return kept.id;
}
