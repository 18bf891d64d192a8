/** Serializes an answer again only if it is another object than the last one was. */
export function serializedOnce<T extends object>(
  serialize: (answer: T) => Buffer,
): (answer: T) => Buffer {
  let last: { readonly answer: T; readonly bytes: Buffer } | undefined;
  return (answer) => {
    if (last?.answer !== answer) last = { answer, bytes: serialize(answer) };
    return last.bytes;
  };
}
