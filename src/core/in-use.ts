import type { Stage } from './call.ts';

/** Keeps what calls work with, until they have ended. @param enter returns what lets go */
export function inUse(enter: () => () => void): Stage {
  return (next) => async (call, emit) => {
    const leave = enter();
    try {
      return await next(call, emit);
    } finally {
      leave();
    }
  };
}
