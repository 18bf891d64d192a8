/** What is added to the title of a group that cannot run here. */
const LEFT_OUT = / \(left out: (.*)\)$/;

/** Says behind everything else, in a line for each reason, which tests were left out. */
export default class LeftOutReporter {
  onRunComplete(_contexts, { testResults }) {
    const leftOut = testResults
      .flatMap(({ testResults: tests }) => tests)
      // Others were not asked for: `-t`.
      .filter(
        ({ status, ancestorTitles }) => status === 'pending' && LEFT_OUT.test(ancestorTitles[0]),
      );
    const lines = Object.entries(Object.groupBy(leftOut, whyLeftOut)).map(([why, tests]) => {
      const groups = new Set(
        tests.map(({ ancestorTitles: [group] }) => group.replace(LEFT_OUT, '')),
      );
      return `${tests.length} tests were left out, for ${why}: ${[...groups].join(', ')}`;
    });
    if (lines.length === 0) return;
    // Jest's own summary comes after the reporters.
    process.once('exit', () => process.stderr.write(`\n${lines.join('\n')}\n`));
  }
}

function whyLeftOut({ ancestorTitles: [group] }) {
  return LEFT_OUT.exec(group)[1];
}
