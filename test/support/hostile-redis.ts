import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Writes what comes of a command, `EVALSHA` for one, over the connection that it came over. */
export type RedisConduct = (command: string, socket: Socket) => void;

export interface HostileRedis {
  readonly url: string;
  /** Commands that came, by their names. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

/**
 * Speaks the protocol of Redis, version 2. Until a script has been run, the probe of whoever connects, all is
 * well; from then on it does as it is told.
 */
export async function startHostileRedis(conduct: RedisConduct): Promise<HostileRedis> {
  const sockets = new Set<Socket>();
  const commands: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    let isTrusted = false;
    let rest = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      rest += text;
      for (let taken = takeCommand(rest); taken !== undefined; taken = takeCommand(rest)) {
        rest = rest.slice(taken.length);
        commands.push(taken.name);
        if (isTrusted) conduct(taken.name, socket);
        else socket.write('+OK\r\n');
        isTrusted ||= taken.name === 'EVALSHA';
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    commands,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The first command of what has come, if it is whole. */
function takeCommand(text: string): { readonly name: string; readonly length: number } | undefined {
  const [head = '', words] = /^\*(\d+)\r\n/.exec(text) ?? [];
  let at = head.length;
  let name = '';
  for (let word = 0; word < Number(words); word += 1) {
    const [prefix = '', length] = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20)) ?? [];
    const start = at + prefix.length;
    at = start + Number(length) + 2;
    if (Number.isNaN(at) || at > text.length) return undefined;
    if (word === 0) name = text.slice(start, at - 2).toUpperCase();
  }
  return words === undefined ? undefined : { name, length: at };
}
