"""The peer of words.ts: gensim 4.2.0 (Debian python3-gensim). python3 words.gensim.py CORPUS OUT SEED SG

CORPUS has a sentence a line. Writes the vectors to OUT in word2vec's text format and prints {"seconds", "cpu", "words"}: the
training alone, without reading the text and counting its words, with as many workers as there are processors.
"""
import json
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # workers are the threads

from gensim.models import Word2Vec

corpus, out, seed, sg = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
sentences = [line.split() for line in open(corpus, encoding="utf-8")]
model = Word2Vec(
    vector_size=100, window=5, negative=5, min_count=5, sample=1e-3, alpha=0.025,
    sg=sg, seed=seed, epochs=5, workers=os.cpu_count(),
)
model.build_vocab(sentences)
begun, begun_cpu = time.time(), time.process_time()
model.train(sentences, total_examples=model.corpus_count, epochs=5)
seconds, cpu = time.time() - begun, time.process_time() - begun_cpu
model.wv.save_word2vec_format(out)
print(json.dumps({"seconds": seconds, "cpu": cpu, "words": model.corpus_total_words}))
