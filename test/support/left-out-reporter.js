/** What `describeWithRedis` adds to the title of a group. */
const LEFT_OUT = / \(left out: .*\)$/;

/** Says in one line, behind everything else, which tests were left out, and why. */
export default class LeftOutReporter {
  onRunComplete(_contexts, { testResults }) {
    const leftOut = testResults
      .flatMap(({ testResults: tests }) => tests)
      // Others were not asked for: `-t`.
      .filter(
        ({ status, ancestorTitles }) => status === 'pending' && LEFT_OUT.test(ancestorTitles[0]),
      );
    if (leftOut.length === 0) return;
    const groups = new Set(
      leftOut.map(({ ancestorTitles: [group] }) => group.replace(LEFT_OUT, '')),
    );
    const names = [...groups].join(', ');
    const line = `${leftOut.length} tests were left out, for there is no redis-server on the PATH: ${names}`;
    // Jest's own summary comes after the reporters.
    process.once('exit', () => process.stderr.write(`\n${line}\n`));
  }
}
