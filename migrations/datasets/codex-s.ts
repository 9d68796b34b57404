/** CoDEx-S: 2,034 things of Wikidata, the small one. */
import type { GraphManifest } from '../../server/datasets/manifests.ts';
import { inFolder } from './parts/benchmarkGraph.ts';
import { codexManifest } from './parts/codex.ts';

const files = {
  train: [615428, '64f93b7f314f3936a6f65739721429db3f6a7c8f5a1e1104ec3bb544f7434f59'],
  valid: [34323, '3831c0e57daef03c3a18cdd1a72e370b496f696c5218883d35c7d2ab8a6a772c'],
  test: [34252, '27127fcb34688c4778e88a39ef3c9b540807da846021e9d9685660ac1838aca1'],
  valid_negatives: [32801, 'c1d84860d6ee786419f1f118d0e9479c6614283b3e267afc158734389036901f'],
  test_negatives: [32627, 'd3fb32c41f3be26d09484ace571965806f1ade0ca712551b0de684c283cdbb22'],
} as const;

export const manifest: GraphManifest = codexManifest(
  's',
  'People, places and works of Wikidata with 36,543 facts among them, and as many that look true and are not for each to be tested on.',
  files,
  [
    ...Object.entries(files).map(([part, [bytes, sha256]]) => inFolder(`${part}.tsv`, bytes, sha256)),
    inFolder('entities.tsv', 77764, '20b382bb924933f190704f313f7f529bb30ff045c3a967ff4d56195bd5ea61b3'),
    inFolder('relations.tsv', 5180, 'dfd0a50c99346a572877efb4e702d3b418e6ce96278fbfc494122394b3bed11a'),
    inFolder('types.tsv', 54529, '15cf6f6b1967f42e6c9165b485f914bec0d025eb249254765cb728cf90211c0d'),
  ],
);
