const symbols = new Map<string, symbol>();

/** What node:http2 keeps of a session or stream under a symbol of this name. Undefined: it does not any more. */
export function insideOf<Inside>(owner: object, name: string): Inside | undefined {
  let symbol = symbols.get(name);
  if (symbol === undefined) {
    symbol = Object.getOwnPropertySymbols(owner).find(({ description }) => description === name);
    if (symbol === undefined) return undefined;
    symbols.set(name, symbol);
  }
  return (owner as Record<symbol, Inside | undefined>)[symbol];
}
