// A thread of the CPU backend: instantiates the module over the shared memory and runs the pieces that it is sent.
// Plain JavaScript, so that it starts in milliseconds: nothing has to be translated.
import { parentPort, workerData } from 'node:worker_threads';

const { memory } = workerData;
const { exports } = await WebAssembly.instantiate(workerData.module, { env: { memory } });
let library = null;
let isBusy = false;
let isEnding = false;

parentPort.on('message', async (message) => {
  if (message === 'end') {
    // Within a call of the library the process would be aborted: the thread goes when that is done.
    isEnding = true;
    if (!isBusy) process.exit();
    return;
  }
  isBusy = true;
  let answer = null;
  if (message.models !== undefined) {
    const { openLibrary } = await import('./libraryThread.mjs');
    library ??= await openLibrary(memory, message.models);
    answer = library?.name ?? null;
  } else {
    for (const call of message.calls) {
      if (call.name !== undefined) exports[call.name](...call.parameters);
      else await library.call(call);
    }
  }
  isBusy = false;
  if (isEnding) process.exit();
  parentPort.postMessage(answer);
});
parentPort.postMessage(null);
