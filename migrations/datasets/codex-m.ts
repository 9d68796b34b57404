/** CoDEx-M: 17,050 things of Wikidata. By download, or from a folder in the layout of its source: nobody hands it on in another. */
import type { GraphManifest } from '../../server/datasets/manifests.ts';
import { codexManifest } from './parts/codex.ts';

export const manifest: GraphManifest = codexManifest(
  'm',
  'People, places and works of Wikidata with 206,205 facts among them, and triples that look true and are not to be tested on.',
  {
    train: [3660213, 'd99c3437ab51690391a26d96976adf6e5494dba7ef6902e77000551bfa566556'],
    valid: [203470, '11c323096367354940846b9ed940c5dabddc1d20a70474222babe7e7fd28b28d'],
    test: [203693, '0575ce05e4ce915e395bb4f708e8df9547989dd4c8c71407cbfd78c19daffcf7'],
    valid_negatives: [189665, '454a4f66ae85495e6e7df0a9f591ed3b8b6efbbcca515414cb641a28625cbcb2'],
    test_negatives: [189932, '7caaf71f7a85fbd915dce8199f5b1e1744ead58e0675549fcb01c60599944648'],
  },
);
