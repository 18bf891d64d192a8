/** A worker thread: an upstream that means harm. It posts its port. */
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { CONDUCTS, type Conduct } from './conducts.ts';

const conduct: Conduct = workerData.conduct;
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.resume();
    CONDUCTS[conduct](socket);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  parentPort?.postMessage(typeof address === 'object' && address !== null ? address.port : 0);
});
