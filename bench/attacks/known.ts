/** What brought others down, over four connections each. */
import { setTimeout as passed } from 'node:timers/promises';
import { openConnection } from '../../test/attacks/frames.ts';
import { HABITS, type Habit } from '../../test/attacks/habits.ts';
import { type Attack, LASTS_MS, write } from './attack.ts';

const CONNECTIONS = 4;

export const KNOWN_ATTACKS: readonly Attack[] = HABITS.map((habit) => ({
  name: habit.name,
  run: practise(habit),
}));

/** Over connections that are opened again when they are closed. */
function practise({ settings, unread = false, opening, goesOn, atOnce }: Habit): Attack['run'] {
  return async (address) => {
    const until = performance.now() + LASTS_MS;
    const one = async () => {
      const open = () => {
        const socket = openConnection(address, settings);
        if (unread) socket.pause();
        if (opening) socket.write(opening);
        return socket;
      };
      let [socket, stream] = [open(), 10_001];
      while (performance.now() < until) {
        if (socket.destroyed || socket.closed) [socket, stream] = [open(), 10_001];
        const bytes = Buffer.concat(
          Array.from({ length: atOnce }, (_, at) => goesOn(stream + 2 * at)),
        );
        stream += 2 * atOnce;
        await Promise.race([write(socket, bytes), passed(100)]);
      }
      socket.destroy();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, one));
  };
}
