/** What a server answered, and how many bytes of what came it took. */
interface Reply {
  readonly lines: readonly string[];
  readonly end: number;
}

/** A command as version 2 of Redis' protocol has it. */
export function encodeCommand(words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}

/**
 * The reply at the beginning of what has come, in lines as redis-cli prints it. Undefined: it is not whole.
 *
 * @throws Error that says what the server says, if it refuses
 */
export function takeReply(bytes: Buffer, begin = 0): Reply | undefined {
  const endOfHead = bytes.indexOf('\r\n', begin);
  if (endOfHead < 0) return undefined;
  const head = bytes.toString('utf8', begin + 1, endOfHead);
  const end = endOfHead + 2;
  switch (bytes.toString('latin1', begin, begin + 1)) {
    case '-':
      throw new Error(head);
    case '$':
      return takeText(bytes, end, Number(head));
    case '*':
      return takeAll(bytes, end, Number(head));
    default:
      return { lines: [head], end };
  }
}

function takeText(bytes: Buffer, begin: number, length: number): Reply | undefined {
  if (length < 0) return { lines: [''], end: begin };
  const end = begin + length;
  if (bytes.length < end + 2) return undefined;
  return { lines: [bytes.toString('utf8', begin, end)], end: end + 2 };
}

function takeAll(bytes: Buffer, begin: number, count: number): Reply | undefined {
  const lines: string[] = [];
  let end = begin;
  for (let at = 0; at < count; at += 1) {
    const reply = takeReply(bytes, end);
    if (reply === undefined) return undefined;
    lines.push(...reply.lines);
    ({ end } = reply);
  }
  return { lines, end };
}
