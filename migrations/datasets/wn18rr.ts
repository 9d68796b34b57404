/** WN18RR (Dettmers et al. 2018): 40,943 senses of WordNet 3.0 and eleven relations, without their inverses. */
import type { GraphFile } from '../../server/datasets/formats/graphFile.ts';
import type { GraphManifest } from '../../server/datasets/manifests.ts';
import { at, graphIn, inFolder } from './parts/benchmarkGraph.ts';

const CONVE = 'https://raw.githubusercontent.com/TimDettmers/ConvE/f3c0eb286025410fa5b4c04696c918264163d0ca/';
const KG_BERT = 'https://raw.githubusercontent.com/yao8839836/kg-bert/0b8f625108efcb9b43603b6840f2548ff3d3c973/data/';

export const manifest: GraphManifest = {
  slug: 'wn18rr',
  title: 'WN18RR',
  description:
    'Senses of English words in WordNet 3.0 and the relations between them, split as graph models are compared on them.',
  kind: 'GRAPH',
  licence: 'WordNet 3.0 licence (Princeton University): free to use, copy and distribute with its notice',
  source: 'https://github.com/TimDettmers/ConvE',
  revision: 1,
  files: [
    at(CONVE, 'WN18RR.tar.gz', 892861, '1eb9152f804c140d163462c0d49f65e5a0b30ab5fbb375c5e3353c11a6249060'),
    at(KG_BERT, 'WN18RR/entity2text.txt', 4086439, '8f5c6f11753dafa879917b9bdf73d398ceb3bd4bed8d5553177e1e0f2c37521f'),
    at(KG_BERT, 'WN18RR/relation2text.txt', 370, '91b1de5585d686ed31498d50f1c4eed44ba9486dffbbcc0c28927ac884184918'),
  ],
  otherFiles: [
    inFolder('train.tsv.gz', 820221, 'be00cacfeffa49a33672df41e965dfccc60917da36cb05e777eec45130515848'),
    inFolder('valid.tsv', 110415, '453ce7202afa58094a04d2b1560ee2b02660f1c260b32ce6651c8ccedd1028ab'),
    inFolder('test.tsv', 113180, '0383bceaaa1096cf3c03ec021ed0048068e2355dbfc0239b292cefdac821cec5'),
    inFolder('entities.tsv.gz', 1486185, '020f6ae6103283bcfc3250bda276988e6144ed0e603f29f146749140223c9ee8'),
    inFolder('relations.tsv', 371, '09dc3a9e6e4482c93da37baab01f4a3d44de8fce0f9e86a16cd1555073670743'),
  ],
  async openGraph(paths, options) {
    return (await graphIn(paths, options)).map(withDefinitions);
  },
};

/** In kg-bert's file a name and its definition are one text, divided by the first comma. */
function withDefinitions(file: GraphFile): GraphFile {
  if (!file.file.startsWith('entity2text')) return file;
  return {
    ...file,
    async *blocks(options) {
      for await (const block of file.blocks(options)) {
        const entities = block.entities.map((entity) => {
          const [text] = entity.properties['label'] ?? [];
          const [, label, description] = /^([^,]*), (.*)$/s.exec(String(text?.value ?? '')) ?? [];
          if (label === undefined || description === undefined) return entity;
          return { ...entity, properties: { label: [{ value: label }], description: [{ value: description }] } };
        });
        yield { ...block, entities };
      }
    },
  };
}
