import { workerData } from 'node:worker_threads';
import { answerStore } from '../cache/answer-operations.ts';
import { batchStore } from '../ledger/batch-operations.ts';
import { ledgerStore } from '../ledger/ledger-store.ts';
import { serveStores } from '../store/serve-stores.ts';

/** Entry of the worker thread that keeps what this process keeps: every store has its line here. */
serveStores({ ledger: ledgerStore, batches: batchStore, answers: answerStore }, workerData);
