// What each thread of ours runs first: Node 20 gives a new thread none of the parent's hooks that read TypeScript.
import { workerData } from 'node:worker_threads';

import './typescript.mjs';

await import(workerData.module);
