/** The thread that does what jobs ask for. */
import { tasks } from './tasks.ts';
import { workInThread } from './workInThread.ts';

await workInThread(tasks);
