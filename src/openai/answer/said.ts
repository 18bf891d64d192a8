import { LongText } from '../../core/long-text.ts';
import { codePoints, isHighHalf, isLowHalf } from './code-points.ts';

/** Pieces that one as long as all of them together is none of. */
const SEVERAL = 4;
/** Code units that no text repeats by chance from its begin, at the very end of a piece. */
const NO_CHANCE = 16;

/**
 * What has come of a text that a server says several times: in pieces, at the end of its part, at the
 * end of the answer. What arrives last and is longer completes what arrived first.
 */
export class Said {
  readonly #text = new LongText();
  readonly #mayGrow: boolean;
  #length = 0;
  /** Each piece says all that came before it, too. */
  #grows = false;
  #pieces = 0;

  /** @param mayGrow each piece may say all that came before it */
  constructor(mayGrow = false) {
    this.#mayGrow = mayGrow;
  }

  get text(): string {
    return this.#text.toString();
  }

  /** In UTF-16 code units. */
  get length(): number {
    return this.#length;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** What has come behind so many code units. */
  from(start: number): string {
    return this.#text.from(start);
  }

  /** Notes a piece, and returns what is new in it. */
  add(piece: string): string {
    let more = piece;
    if (this.#mayGrow && this.#length > 1 && piece.length >= this.#length) {
      const before = this.#text.toString();
      if (piece.startsWith(before)) more = this.#behind(before, piece);
    }
    this.#text.add(more);
    this.#length += more.length;
    this.#pieces += 1;
    return more;
  }

  /**
   * A piece may begin with what came by chance where a text repeats itself: dashes, `aaa`. All that several pieces said,
   * once more, is chance no longer, unless it repeated itself already: RAGFlow ends an answer so (infiniflow/ragflow#15286), ktransformers begins a call so.
   */
  #behind(before: string, piece: string): string {
    const more = piece.slice(before.length);
    const hasLetters = /\p{L}/u.test(before);
    const isLong = this.#pieces >= SEVERAL && before.length >= NO_CHANCE;
    if (more === '' && hasLetters && isLong && !repeatsItself(before)) return '';
    this.#grows ||= hasLetters && !before.startsWith(more) && !more.startsWith(before);
    return this.#grows ? more : piece;
  }

  /** What of the whole has not come; nothing where the whole is another text than what came. */
  rest(whole: string): string {
    return whole.length > this.#length && whole.startsWith(this.text)
      ? whole.slice(this.#length)
      : '';
  }
}

/** Whether it is one shorter text several times: if so, it is one a prime number of times. */
function repeatsItself(text: string): boolean {
  let left = text.length;
  for (let times = 2; times <= left; times += 1) {
    if (left % times !== 0) continue;
    while (left % times === 0) left /= times;
    if (text.endsWith(text.slice(0, -text.length / times))) return true;
  }
  return false;
}

/** The same, where its length is wanted in code points. */
export class CountedSaid extends Said {
  #codePoints = 0;
  /** It ends in the first half of a surrogate pair. */
  #cut = false;

  get codePoints(): number {
    return this.#codePoints;
  }

  override add(piece: string): string {
    if (piece === '') return piece;
    // Counted as it comes: to look at the whole again would join all its pieces each time.
    this.#codePoints += codePoints(piece) - (this.#cut && isLowHalf(piece.charCodeAt(0)) ? 1 : 0);
    this.#cut = isHighHalf(piece.charCodeAt(piece.length - 1));
    return super.add(piece);
  }
}
