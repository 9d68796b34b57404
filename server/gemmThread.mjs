// Products of matrices by onnxruntime in a thread of the CPU backend. Plain JavaScript, as kernelThread.mjs is.
//
// onnxruntime takes no memory that threads share, so what it multiplies is copied there and back, at some 10 GB/s: a twentieth of
// the time of a product of 1,024 x 1,024 x 784. It copies an output that was allocated for it once more, so none is.

/**
 * @param memory that of the backend
 * @param models ONNX files by what `keyOf` makes of a product
 * @returns the library's name and version, and what does a product; null where it cannot be loaded on this machine
 */
export async function openGemm(memory, models) {
  const library = await import('onnxruntime-node').catch(() => null);
  if (library === null) return null;
  const { InferenceSession, Tensor, env } = library;
  const sessions = new Map();
  for (const [key, model] of models) {
    const options = {
      ...{ intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 4 },
      ...{ enableCpuMemArena: false, enableMemPattern: false },
    };
    sessions.set(key, await InferenceSession.create(model, options));
  }
  // Grown, and used again: memory that is asked for each time is cleared each time.
  const rooms = { a: new Float32Array(0), b: new Float32Array(0), d: new Float32Array(0) };
  const copied = (name, offset, rows, columns) => {
    const length = rows * columns;
    if (rooms[name].length < length) rooms[name] = new Float32Array(length);
    const data = rooms[name].subarray(0, length);
    data.set(new Float32Array(memory.buffer, offset, length));
    return new Tensor('float32', data, [rows, columns]);
  };
  return {
    name: `onnxruntime ${env.versions.node}`,
    async multiply(product) {
      const { m, n, k, transposeA, transposeB, accumulate } = product;
      const feeds = {
        a: transposeA ? copied('a', product.a, k, m) : copied('a', product.a, m, k),
        b: transposeB ? copied('b', product.b, n, k) : copied('b', product.b, k, n),
        ...(accumulate ? { d: copied('d', product.c, m, n) } : {}),
      };
      const { c } = await sessions.get(keyOf(product)).run(feeds);
      new Float32Array(memory.buffer, product.c, m * n).set(c.data);
    },
  };
}

function keyOf({ transposeA, transposeB, accumulate }) {
  return `${transposeA} ${transposeB} ${accumulate}`;
}
