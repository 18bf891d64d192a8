import type { Socket } from 'node:net';

type Method = (...args: never[]) => unknown;

let name: symbol | undefined;

/**
 * Puts another method in the place of one of the parser that undici has for a connection. There is no hook for it, but
 * undici looks its own methods up on the object that is changed here. If it does so no more, nothing is changed.
 *
 * @param replace gets the method, bound
 */
export function replaceInParser<M extends Method>(
  socket: Socket,
  method: string,
  replace: (original: M) => M,
): void {
  name ??= Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  const parser: unknown = name && Reflect.get(socket, name);
  if (typeof parser !== 'object' || parser === null) return;
  const original: unknown = Reflect.get(parser, method);
  if (typeof original === 'function') Reflect.set(parser, method, replace(original.bind(parser)));
}
