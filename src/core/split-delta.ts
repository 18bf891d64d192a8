import type { ProviderEvent } from './events.ts';

/**
 * A delta in pieces of at most `limit` characters, cut between code points; any other event, and a
 * short delta, as it is. Servers may send megabytes in one chunk, which as one message would exceed
 * the 4 MiB that gRPC clients take by default.
 */
export function splitDelta(event: ProviderEvent, limit: number): readonly ProviderEvent[] {
  switch (event.type) {
    case 'textDelta':
    case 'reasoningDelta':
    case 'refusalDelta':
      if (event.text.length <= limit) return [event];
      return pieces(event.text, limit).map((text) => ({ ...event, text }));
    case 'toolCallDelta':
      if (event.argumentsFragment.length <= limit) return [event];
      return pieces(event.argumentsFragment, limit).map((argumentsFragment, index) => ({
        ...event,
        // Id and name stand in the first delta of a call alone.
        ...(index === 0 ? {} : { id: '', name: '' }),
        argumentsFragment,
      }));
    default:
      return [event];
  }
}

function pieces(text: string, limit: number): string[] {
  const cut: string[] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(start + limit, text.length);
    const unit = text.charCodeAt(end - 1);
    const halved = unit >= 0xd800 && unit <= 0xdbff && end < text.length;
    if (halved && end - 1 > start) end -= 1;
    cut.push(text.slice(start, end));
    start = end;
  }
  return cut;
}
