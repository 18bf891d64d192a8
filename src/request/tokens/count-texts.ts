import { LoopTurns } from '../../core/loop-turns.ts';
import type { Encoding } from './encoding.ts';
import { chunksOf, MAX_PIECE_LENGTH, wholeCodePoints } from './text-chunks.ts';

export interface TextCount {
  readonly tokens: number;
  /**
   * False: a text was cut where a token may have been, which adds a fraction of a token per cut, or
   * has byte order marks in it, which add up to two each.
   */
  readonly exact: boolean;
}

/** Characters counted before others get their turn. */
const TURN_LENGTH = 8192;
/** What is no longer than this, in characters, is counted as soon as it comes: longer ones by the hundred wait for their turns. */
const SHORT_LENGTH = 2048;
/** What a text costs beside its characters, in characters: many small ones are work too. */
const TEXT_OVERHEAD = 64;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const LAST_ASCII = 0x7f;
const WHITESPACE = /\s/;

/** gpt-tokenizer loses it where it decodes bytes, and so misses the tokens that begin with it. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Sums the tokens of each prompt, whose texts are encoded on their own. Gives way to the event loop between turns, so
 * that counts running at once progress alike.
 *
 * @returns undefined if `signal` aborted before the end.
 */
export async function countPrompts(
  encoding: Encoding,
  prompts: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<readonly TextCount[] | undefined> {
  const counts: TextCount[] = [];
  const turn = { spent: isShort(prompts) ? 0 : TURN_LENGTH };
  for (const texts of prompts) {
    const count = await countTexts(encoding, texts, signal, turn);
    if (count === undefined) return undefined;
    counts.push(count);
  }
  return counts;
}

/** @param turn what was spent of it before, in characters */
async function countTexts(
  encoding: Encoding,
  texts: readonly string[],
  signal: AbortSignal,
  turn: { spent: number },
): Promise<TextCount | undefined> {
  let tokens = 0;
  let exact = true;
  for (const text of texts) {
    turn.spent += TEXT_OVERHEAD;
    for (const chunk of chunksOf(text)) {
      if (turn.spent >= TURN_LENGTH) {
        await itsTurn();
        turn.spent = 0;
      }
      if (signal.aborted) return undefined;
      const count = countChunk(encoding, chunk.text);
      tokens += count.tokens;
      exact &&= count.exact && chunk.endsAtBoundary;
      turn.spent += chunk.text.length;
    }
  }
  return { tokens, exact };
}

function isShort(prompts: readonly (readonly string[])[]): boolean {
  let length = 0;
  for (const texts of prompts) {
    for (const text of texts) {
      length += TEXT_OVERHEAD + text.length;
      if (length > SHORT_LENGTH) return false;
    }
  }
  return true;
}

/** One at a time, so that a short text that comes meanwhile waits for one turn alone, and not for one of each. */
const turns = new LoopTurns(1);

function itsTurn(): Promise<void> {
  return new Promise((resolve) => {
    turns.wait(() => {
      turns.take(1);
      resolve();
    });
  });
}

function countChunk(encoding: Encoding, text: string): TextCount {
  let exact = !text.includes(BYTE_ORDER_MARK);
  if (!mayHoldLongPiece(text)) return { tokens: encoding.count(text), exact };
  let tokens = 0;
  for (const [piece] of text.matchAll(encoding.split)) {
    tokens += countInSlices(encoding, piece);
    exact &&= piece.length <= MAX_PIECE_LENGTH;
  }
  return { tokens, exact };
}

function countInSlices(encoding: Encoding, piece: string): number {
  let tokens = 0;
  for (let start = 0; start < piece.length; ) {
    const end = wholeCodePoints(piece, start + MAX_PIECE_LENGTH);
    tokens += encoding.count(piece.slice(start, end));
    start = end;
  }
  return tokens;
}

/**
 * Whether about `MAX_PIECE_LENGTH` characters follow one another without a change between spaces and
 * the rest; a line break may belong to either. Splitting text twice costs time, so what cannot hold
 * a long piece is passed to the encoder as a whole.
 */
function mayHoldLongPiece(text: string): boolean {
  let run = 0;
  let inSpaces = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit !== LINE_FEED && unit !== CARRIAGE_RETURN && isSpace(unit) !== inSpaces) {
      inSpaces = !inSpaces;
      run = 0;
    }
    run++;
    if (run > MAX_PIECE_LENGTH) return true;
  }
  return false;
}

function isSpace(unit: number): boolean {
  if (unit <= LAST_ASCII) return unit === SPACE || (unit >= TAB && unit <= CARRIAGE_RETURN);
  return WHITESPACE.test(String.fromCharCode(unit));
}
