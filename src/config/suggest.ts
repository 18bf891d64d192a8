/** The known word that was probably meant: another spelling (`base_url`) or a slip (`idel`). */
export function suggest(word: string, known: readonly string[]): string | undefined {
  for (const edits of [0, 1, 2]) {
    const meant = known.find(
      (candidate) => edits <= candidate.length / 2 && isWithin(edits, bare(word), bare(candidate)),
    );
    if (meant !== undefined) return meant;
  }
  return undefined;
}

/** Without what spellings differ in: case, `_` and `-`. */
export function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, '');
}

/** Whether so few insertions, deletions and replacements lead from one word to the other. */
function isWithin(edits: number, from: string, to: string): boolean {
  let same = 0;
  while (same < from.length && from[same] === to[same]) same += 1;
  const [rest, wanted] = [from.slice(same), to.slice(same)];
  if (rest === '' || wanted === '') return rest.length + wanted.length <= edits;
  if (edits === 0) return false;
  return (
    isWithin(edits - 1, rest.slice(1), wanted.slice(1)) ||
    isWithin(edits - 1, rest.slice(1), wanted) ||
    isWithin(edits - 1, rest, wanted.slice(1))
  );
}
