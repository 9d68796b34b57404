/** FB15k-237 (Toutanova and Chen 2015): 14,541 things of Freebase and 237 relations, without their inverses. */
import type { GraphManifest } from '../../server/datasets/manifests.ts';
import { at, graphIn, inFolder } from './parts/benchmarkGraph.ts';

const CONVE = 'https://raw.githubusercontent.com/TimDettmers/ConvE/f3c0eb286025410fa5b4c04696c918264163d0ca/';
const KG_BERT = 'https://raw.githubusercontent.com/yao8839836/kg-bert/0b8f625108efcb9b43603b6840f2548ff3d3c973/data/';

export const manifest: GraphManifest = {
  slug: 'fb15k-237',
  title: 'FB15k-237',
  description:
    'People, places, films and awards of Freebase and the relations between them, split as graph models are compared on them.',
  kind: 'GRAPH',
  licence:
    'Microsoft Research Data License Agreement: non-commercial or research use, redistribution under the same terms only; CC-BY 2.5 (Freebase)',
  source: 'https://www.microsoft.com/download/details.aspx?id=52312',
  revision: 1,
  files: [
    at(CONVE, 'FB15k-237.tar.gz', 3678603, '311df7930f842a02979eaa7a802484a6afe62303c07f915f1e6edbc30cbe05e8'),
    at(
      KG_BERT,
      'FB15k-237/entity2text.txt',
      392383,
      '16beedcfad3d32696e8b0b98cfa0f5eeb144f5142225f227a64fd9ce37447da5',
    ),
    at(
      KG_BERT,
      'FB15k-237/relation2text.txt',
      29130,
      '4bf7cb6ea0ac09b17ad210889f723be5e079669f6ae5d507787e1320bbaa0f72',
    ),
  ],
  otherFiles: [
    inFolder('train.tsv.gz', 3040831, '17ff1a85987c8462229876b5c6bb1bc322022cb31d695141c25f756d2dbdaeb5'),
    inFolder('valid.tsv.gz', 186585, 'b6a991011555983f9748a0a6c2218156b65cc6056f77b9815e030ae786e965ff'),
    inFolder('test.tsv.gz', 219010, '6e555ab86daeea1f5c776a7b933648d435a33991a31e8625eb538337831d67fe'),
    inFolder('entities.tsv', 877834, 'aa5f8870dadbcc385f4fd9d7d42eea5628fc0b5a3ca8356c1df8759e3fd3aaca'),
    inFolder('relations.tsv', 29131, '814ddc441b0ff6b665b18fdd1802bd6363e3ff962b51b6738693e304bc1de972'),
  ],
  openGraph: graphIn,
};
