import { parentPort } from 'node:worker_threads';
import { serveCounts } from './count-service.ts';

/** Entry of the worker thread that counts tokens; see token-counter.ts. */
if (parentPort !== null) serveCounts(parentPort);
