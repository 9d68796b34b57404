// A thread of the CPU backend: instantiates the module over the shared memory and runs the pieces that it is sent.
// Plain JavaScript, so that it starts in milliseconds: nothing has to be translated.
import { parentPort, workerData } from 'node:worker_threads';

const { exports } = await WebAssembly.instantiate(workerData.module, { env: { memory: workerData.memory } });
parentPort.on('message', ({ name, parameters }) => {
  exports[name](...parameters);
  parentPort.postMessage(null);
});
parentPort.postMessage(null);
