import { isUtf8 } from 'node:buffer';
import { get_encoding } from 'tiktoken';

/** A piece of text in whole characters, of as few tokens as can be: one, unless a character has more. */
export interface Piece {
  readonly text: string;
  readonly tokens: number;
}

/** Something of each: prose, code, tables, other scripts, characters of several tokens. */
const TEXT = `The ledger is written in batches, off the path of the calls, and yet nothing that was spent is lost:
what is in flight stands in a journal, and whoever starts next reads it before anything else happens. A budget
reserves what an attempt may cost at most, lets it run, and books what it did cost; the rest is given back to
those who wait. Nobody is refused for money that somebody else merely holds.

function settle(reserved: bigint, spent: bigint): void {
  const left = this.#limit - this.#spent - this.#reserved;
  if (left < 0n) throw new RangeError(\`overspent by \${-left}\`);
  this.#reserved -= reserved;
  this.#spent += spent;
}

| model | input | cached | output |
|---|---:|---:|---:|
| small | 0.15 | 0.075 | 0.60 |
| large | 2.50 | 1.25 | 10.00 |

Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich; danach trinken sie gemeinsam Tee und zählen,
was es gekostet hat. L’été dernier, nous sommes allés à la plage ; qu’est-ce que c’était beau !
吾輩は猫である。名前はまだ無い。 在机器学习中，模型的性能往往取决于数据的质量。 안녕하세요. 오늘은 날씨가 좋습니다.
Ship it 🚀 today 👩‍🚀, or 🇩🇪 tomorrow ✅. नमस्ते दुनिया. Η ζωή είναι ωραία. Съешь же ещё этих мягких булок.

{"id": "chatcmpl-9f3", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": " a"}}]}

1. First, count the prompt. 2. Then, count what came. 3. Multiply, add, and round once, at the very end; a rounding
in between would be somebody's money. 4. Compare with the bill: it says 1,234.56 dollars, and so should we.
`;

/** That of gpt-4o and its successors. OpenAI's own implementation, not the one that is under test. */
const encoding = get_encoding('o200k_base');

/** The text, over and over; `pieces[at % pieces.length]`. */
export const PIECES: readonly Piece[] = cut(TEXT);

/** Tokens of a text. What reads like a special token is text. */
export function countTokens(text: string): number {
  return encoding.encode_ordinary(text).length;
}

/** So many pieces of the text, as one. */
export function textAt(offset: number, pieces: number): string {
  return Array.from({ length: pieces }, (_, at) => pieceAt(offset + at).text).join('');
}

export function pieceAt(at: number): Piece {
  const piece = PIECES[at % PIECES.length];
  if (piece === undefined) throw new RangeError(`there is no piece ${at}`);
  return piece;
}

/** Token by token, but no character in two. */
function cut(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let bytes: Uint8Array[] = [];
  for (const token of encoding.encode_ordinary(text)) {
    bytes.push(encoding.decode_single_token_bytes(token));
    const together = Buffer.concat(bytes);
    if (!isUtf8(together)) continue;
    pieces.push({ text: together.toString(), tokens: bytes.length });
    bytes = [];
  }
  return pieces;
}
