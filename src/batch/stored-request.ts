import type { MessageRequest } from '../core/message.ts';

/** How bytes stand in JSON. A text of the caller's is never under this name alone. */
const BYTES = '$base64';

/** A request as one line of text. */
export function storeRequest(request: MessageRequest): string {
  return JSON.stringify(request, (_key, value: unknown) =>
    value instanceof Uint8Array ? { [BYTES]: Buffer.from(value).toString('base64') } : value,
  );
}

export function restoreRequest(text: string): MessageRequest {
  const request: unknown = JSON.parse(text, (key, value: unknown) =>
    key === 'data' ? restoreBytes(value) : value,
  );
  return request as MessageRequest;
}

/** Only images and files have bytes, and those are under the name `data`. */
function restoreBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(BYTES in value)) return value;
  return Buffer.from(String(value[BYTES]), 'base64');
}
