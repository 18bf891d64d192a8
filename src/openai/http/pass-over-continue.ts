import { constants } from 'node:http2';
import type { Socket } from 'node:net';
import { replaceInParser } from './undici-parser.ts';

const { HTTP_STATUS_CONTINUE: CONTINUE, HTTP_STATUS_PROCESSING: PROCESSING } = constants;

type OnHeaders = (status: number, ...more: readonly boolean[]) => number;

/**
 * Has undici pass over `100 Continue` as over any other response that comes before the answer, which RFC 9110, section 15.2, asks
 * of every client. It breaks the connection: https://github.com/nodejs/undici/issues/197.
 */
export function passOverContinue(socket: Socket): void {
  replaceInParser<OnHeaders>(
    socket,
    'onHeadersComplete',
    (complete) =>
      (status, ...more) =>
        complete(status === CONTINUE ? PROCESSING : status, ...more),
  );
}
