/** Each value but the first stands behind one. */
const MARKS = [',', '{', '['] as const;
const CODES: ReadonlySet<number> = new Set(MARKS.map((mark) => mark.charCodeAt(0)));
const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COLON = ':'.charCodeAt(0);
/** The last of the characters that are white space in JSON. */
const SPACE = ' '.charCodeAt(0);

/**
 * Values in a JSON text, those of objects and lists counted one by one: each becomes an object, or a place in one, and
 * takes many times the characters that it is. Not fewer than there are, and more where brackets and commas stand in texts.
 *
 * @param most is counted at most, and one more
 */
export function valuesAbout(json: string, most: number): number {
  let count = 1;
  for (const mark of MARKS) {
    // A long text has few of them, and is passed over many times as fast as one looks at each character.
    for (let at = json.indexOf(mark); at >= 0 && count <= most; ) {
      count += 1;
      at = json.indexOf(mark, at + 1);
    }
  }
  return count;
}

/** Different names of fields in JSON from outside. OpenAI takes 5,000 properties of schemas. */
export const MAX_NAMES = 16_384;

/** Those of several texts together, and the names in them. */
export class Values {
  readonly #most: number;
  #count = 0;
  readonly #names = new Set<string>();
  /** Texts whose names were not looked at: of few values there are few. */
  #unseen: string[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** They are too many already, or their names: nothing more is to be read. */
  get areTooMany(): boolean {
    return this.#count > this.#most || this.#names.size > MAX_NAMES;
  }

  /** Whether they are not too many. */
  add(...texts: readonly string[]): boolean {
    for (const json of texts) {
      if (this.areTooMany) break;
      this.#count += valuesIn(json, this.#most - this.#count);
      this.#unseen.push(json);
      if (this.#count > MAX_NAMES) this.#seeNames();
    }
    return !this.areTooMany;
  }

  #seeNames(): void {
    for (const json of this.#unseen) addNames(this.#names, json, MAX_NAMES);
    this.#unseen = [];
  }
}

/** The same without what stands in texts: code and prose have many of these marks. */
function valuesIn(json: string, most: number): number {
  const about = valuesAbout(json, most);
  return about > most ? valuesOutsideTexts(json, most) : about;
}

function valuesOutsideTexts(json: string, most: number): number {
  let count = 1;
  for (let at = 0; at < json.length && count <= most; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfText(json, at + 1);
    else if (CODES.has(code)) count += 1;
  }
  return count;
}

/**
 * Whether fields in a JSON text have more than so many different names. Each makes V8 describe another form of object:
 * 400,000 of them take it seconds to parse and as long to copy, where as many fields of one name take milliseconds.
 */
export function hasMoreNames(json: string, most: number): boolean {
  const names = new Set<string>();
  addNames(names, json, most);
  return names.size > most;
}

/** Leaves off when there are too many. */
function addNames(names: Set<string>, json: string, most: number): void {
  let start = json.indexOf('"');
  while (start >= 0 && names.size <= most) {
    const end = endOfText(json, start + 1);
    if (isName(json, end + 1)) names.add(json.slice(start, end));
    start = json.indexOf('"', end + 1);
  }
}

/** Whether a colon stands there, be it behind white space. */
function isName(json: string, behind: number): boolean {
  let at = behind;
  while (json.charCodeAt(at) <= SPACE) at += 1;
  return json.charCodeAt(at) === COLON;
}

/** Where its quote stands; without one, the end of all. */
function endOfText(json: string, from: number): number {
  let at = json.indexOf('"', from);
  while (at >= 0 && isEscaped(json, at)) at = json.indexOf('"', at + 1);
  return at < 0 ? json.length : at;
}

function isEscaped(json: string, at: number): boolean {
  let before = at - 1;
  while (json.charCodeAt(before) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 0;
}
