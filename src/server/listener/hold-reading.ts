/** The native part of a socket, or of the TLS over one. */
interface Handle {
  readStop(): void;
  readStart(): void;
}

/** What has not been read of a connection stays with the kernel, and then with its peer. */
export function stopReading(session: object): void {
  handleOf(session)?.readStop();
}

export function readAgain(session: object): void {
  handleOf(session)?.readStart();
}

/**
 * node:http2 takes a socket over and lets nobody pause it, but reads by its handle. Undefined: the session has
 * gone, or has no handle that can do so; then it is read as fast as it comes.
 */
function handleOf(session: object): Handle | undefined {
  const socket: unknown = Reflect.get(session, 'socket');
  if (Reflect.get(session, 'destroyed') === true || !isObject(socket)) return undefined;
  const handle: unknown = Reflect.get(socket, '_handle');
  return isObject(handle) && 'readStop' in handle ? (handle as Handle) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
