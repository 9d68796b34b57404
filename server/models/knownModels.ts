/**
 * What is known of models by their name, where their own files do not say it: the exports for ONNX leave out the files
 * of sentence-transformers that tell how to pool and what to put before a text. From the models' cards.
 */
import type { TextPooling } from './describeModel.ts';

/** A model that can be fetched. */
export interface KnownModel {
  /** Its id on the Hugging Face hub. */
  readonly name: string;
  readonly description: string;
  readonly modalities: readonly ('TEXT' | 'IMAGE')[];
  readonly dimension: number;
  /** Roughly, of the files that are fetched. */
  readonly bytes: number;
  /** Of the weights, as their authors state it: the exports for ONNX mostly state none. */
  readonly licence: string;
  /** The commit that is fetched where none is asked for; null: the newest. */
  readonly revision: string | null;
}

/**
 * Small, free, and between them good for what the map shows. Sizes are those that the hub's pages show; commits are those that
 * others pin, too. None of these weights could be run where this was written: what is checked is the layout that they have.
 */
export const recommended: readonly KnownModel[] = [
  {
    name: 'Xenova/all-MiniLM-L6-v2',
    description:
      'Sentences in English: small, quick, good for a start. It was trained on texts of 128 tokens, and reads 512.',
    modalities: ['TEXT'],
    dimension: 384,
    bytes: 91_000_000,
    licence: 'apache-2.0',
    revision: '751bff37182d3f1213fa05d7196b954e230abad9',
  },
  {
    name: 'Xenova/bge-small-en-v1.5',
    description: 'Passages in English, for search: a short question finds a longer text.',
    modalities: ['TEXT'],
    dimension: 384,
    bytes: 134_000_000,
    licence: 'mit',
    revision: 'ea104dacec62c0de699686887e3f920caeb4f3e3',
  },
  {
    name: 'Xenova/clip-vit-base-patch32',
    description:
      'Pictures and texts in one space (CLIP, Radford et al. 2021): search pictures by words, classify them by prompts.',
    modalities: ['TEXT', 'IMAGE'],
    dimension: 512,
    bytes: 609_000_000,
    licence: 'mit',
    revision: 'd15189d7028b43f1d3e65039190477f6af591c2a',
  },
  {
    name: 'Xenova/mobileclip_s0',
    description: 'Pictures and texts in one space (MobileCLIP, Vasu et al. 2024): as CLIP, a third of the size.',
    modalities: ['TEXT', 'IMAGE'],
    dimension: 512,
    bytes: 218_000_000,
    licence: 'other (apple-amlr: research only)',
    revision: '757d59c9c6870a76a4b0306f05f5061bca15c39f',
  },
  {
    name: 'Xenova/resnet-50',
    description: 'Pictures by a convolutional network (He et al. 2016), layer by layer.',
    modalities: ['IMAGE'],
    dimension: 2048,
    bytes: 102_000_000,
    licence: 'apache-2.0',
    revision: '6791d258f4afcf677b8fb933a4f571b10c8bf725',
  },
  {
    name: 'onnx-community/mobilenet_v2_1.0_224',
    description: 'Pictures by a small convolutional network (Sandler et al. 2018), layer by layer.',
    modalities: ['IMAGE'],
    dimension: 1280,
    bytes: 14_000_000,
    licence: 'other',
    revision: null,
  },
];

/** Families that take the first token. The rest take the mean. */
const firstToken =
  /(^|[-_])(bge|gte-(base|large|multilingual|modernbert)|mxbai-embed|snowflake-arctic-embed|multilingual-e5-instruct)/i;
const lastToken = /qwen3-embedding|e5-mistral|gte-qwen/i;

export function knownPooling(name: string): TextPooling {
  if (lastToken.test(name)) return 'LAST';
  return firstToken.test(name) ? 'CLS' : 'MEAN';
}

/** Graphs that say they take any number of tokens, and fail on all but the largest. */
const filledUp = /mobileclip/i;

/** Whether every text is filled up to the length that the model takes at most. */
export function isFilledUp(name: string): boolean {
  return filledUp.test(name);
}

const prompts: readonly { readonly names: RegExp; readonly query: string; readonly passage: string }[] = [
  { names: /^(multilingual-)?e5-(?!mistral)/i, query: 'query: ', passage: 'passage: ' },
  {
    names: /^bge-(small|base|large)-en/i,
    query: 'Represent this sentence for searching relevant passages: ',
    passage: '',
  },
  {
    names: /^(mxbai-embed|snowflake-arctic-embed)/i,
    query: 'Represent this sentence for searching relevant passages: ',
    passage: '',
  },
  { names: /^nomic-embed-text/i, query: 'search_query: ', passage: 'search_document: ' },
];

export function knownPrompts(name: string): { readonly query: string; readonly passage: string } {
  const found = prompts.find(({ names }) => names.test(name));
  return { query: found?.query ?? '', passage: found?.passage ?? '' };
}
