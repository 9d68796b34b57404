// What kernels/cpu/library.ts defines by onnxruntime, in a thread of the CPU backend. Plain JavaScript, as kernelThread.mjs is.
//
// onnxruntime takes no memory that threads share, so what it works on is copied there and back, at some 10 GB/s: a twentieth of
// the time of a product of 1,024 x 1,024 x 784. It copies an output that was allocated for it once more, so none is.

/**
 * @param memory that of the backend
 * @param models ONNX files by the names of the graphs
 * @returns the library's name and version, and what does a call; null where it cannot be loaded on this machine
 */
export async function openLibrary(memory, models) {
  const library = await import('onnxruntime-node').catch(() => null);
  if (library === null) return null;
  const { InferenceSession, Tensor, env } = library;
  const sessions = new Map();
  for (const [graph, model] of models) {
    const options = {
      ...{ intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 4 },
      ...{ enableCpuMemArena: false, enableMemPattern: false },
    };
    sessions.set(graph, await InferenceSession.create(model, options));
  }
  // By the names of inputs. Grown, and used again: memory that is asked for each time is cleared each time.
  const rooms = new Map();
  const roomFor = (name, length) => {
    if ((rooms.get(name)?.length ?? 0) < length) rooms.set(name, new Float32Array(length));
    return rooms.get(name).subarray(0, length);
  };
  return {
    name: `onnxruntime ${env.versions.node}`,
    async call({ graph, inputs, outputs }) {
      const feeds = {};
      for (const [name, { at, rows, columns }] of Object.entries(inputs)) {
        const data = roomFor(name, rows * columns);
        data.set(new Float32Array(memory.buffer, at, rows * columns));
        feeds[name] = new Tensor('float32', data, [rows, columns]);
      }
      const found = await sessions.get(graph).run(feeds);
      for (const [name, { at, rows, columns }] of Object.entries(outputs)) {
        new Float32Array(memory.buffer, at, rows * columns).set(found[name].data);
      }
    },
  };
}
