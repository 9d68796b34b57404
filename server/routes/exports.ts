import { pipeline, Readable } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';

import type { FastifyInstance } from 'fastify';

import type { Database } from '../database/database.ts';
import { findDatasetsById } from '../datasets/datasets.ts';
import { findEmbeddingsById } from '../embeddings/embeddings.ts';
import { vectorFormatOf, writeVectorFile } from '../embeddings/vectorFiles.ts';
import { vectorTable } from '../embeddings/vectorTable.ts';
import { UserError } from '../errors.ts';
import { findModelOfEmbedding, readBiases } from '../graphs/graphModels.ts';
import { relationTable } from '../graphs/relationTable.ts';
import { hasCopy, takesEncoding } from './conditions.ts';

type Address = {
  Params: Record<'rows' | 'embedding' | 'version' | 'file', string>;
  Querystring: { name?: unknown };
};

/** Of Brotli: on numbers in decimals as small as the best, at twenty times its speed. */
const BROTLI_QUALITY = 4;

/**
 * GET /exports/:rows/:embedding/:version/:file, as `Embedding.exports` and `GraphModel.relationExports` give the address: made while it is
 * sent, as fast as the client takes it, and so without a length; text comes compressed where the client takes that.
 */
export async function exportsRoutes(
  app: FastifyInstance,
  { database }: { readonly database: Database },
): Promise<void> {
  app.get<Address>('/exports/:rows/:embedding/:version/:file', async (request, reply) => {
    const { params, query, headers, method } = request;
    const id = /^\d{1,10}$/.test(params.embedding) ? Number(params.embedding) : Number.NaN;
    const file = vectorFormatOf(params.file);
    const [embedding] = id < 2 ** 31 ? await findEmbeddingsById(database, [id]) : [];
    const [dataset] = embedding ? await findDatasetsById(database, [embedding.datasetId]) : [];
    const ofRelations = params.rows === 'relations';
    const model = embedding ? await findModelOfEmbedding(database, embedding.id) : null;
    const isThere = ofRelations ? model !== null : params.rows === 'items';
    if (!embedding || !dataset || !file || !isThere || params.version !== String(embedding.version)) {
      throw new UserError(
        'NOT_FOUND',
        'These vectors are no longer there: they have changed or were removed. Ask for the addresses again.',
      );
    }
    if (query.name !== undefined && query.name !== 'label' && query.name !== 'key') {
      throw new UserError('BAD_USER_INPUT', 'name: key or label was wanted.');
    }
    const rowName = query.name === 'label' ? 'LABEL' : 'KEY';
    const packing = file.isText ? packingFor(headers['accept-encoding']) : null;
    // Names change with the data set.
    const of = `${params.rows}-${embedding.id}-${embedding.version}-${dataset.version}-${dataset.createdAt.getTime().toString(36)}`;
    const etag = `"${of}-${file.format}-${rowName}${packing === null ? '' : `-${packing}`}"`;
    reply.headers({ etag, 'cache-control': 'no-cache', ...(file.isText ? { vary: 'accept-encoding' } : {}) });
    if (hasCopy(headers['if-none-match'], etag)) return reply.code(304).send();
    reply.type(file.mediaType).header('content-disposition', `attachment; filename="${params.file}"`);
    if (packing !== null) reply.header('content-encoding', packing);
    if (method === 'HEAD') return reply.send();
    // A proxy in front may speak https.
    const protocol = headers['x-forwarded-proto'] === 'https' ? 'https' : request.protocol;
    const base = `${protocol}://${request.host}/exports/${params.rows}/${embedding.id}/${embedding.version}/`;
    const table =
      model !== null && ofRelations
        ? await relationTable(database, model)
        : vectorTable(database, embedding, {
            biases: model === null ? null : await readBiases(database, model, embedding),
            // A bias has that name, and what follows in a name divides the table.
            fields:
              file.format === 'METADATA'
                ? dataset.fields.map(({ name }) => name).filter((name) => name !== 'bias')
                : [],
          });
    const title = `${dataset.slug} ${embedding.name}${ofRelations ? ' relations' : ''}`;
    const body = Readable.from(writeVectorFile(file.format, table, { rowName, title, stem: file.stem, base }), {
      objectMode: false,
    });
    if (packing === null) return reply.send(body);
    const packed =
      packing === 'br'
        ? createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })
        : createGzip();
    // What breaks in the middle breaks the answer: Fastify sees it at the end of the pipe.
    return reply.send(pipeline(body, packed, () => {}));
  });
}

function packingFor(accepted: string | undefined): 'br' | 'gzip' | null {
  if (takesEncoding(accepted, 'br')) return 'br';
  return takesEncoding(accepted, 'gzip') ? 'gzip' : null;
}
