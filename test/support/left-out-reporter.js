/** Says in one line, behind everything else, which tests were left out, and why. */
export default class LeftOutReporter {
  onRunComplete(_contexts, { testResults }) {
    const leftOut = testResults
      .flatMap(({ testResults: tests }) => tests)
      .filter(({ status }) => status === 'pending');
    if (leftOut.length === 0) return;
    const groups = new Set(leftOut.map(({ ancestorTitles: [group = ''] }) => nameOf(group)));
    const names = [...groups].join(', ');
    const line = `${leftOut.length} tests were left out, for there is no redis-server on the PATH: ${names}`;
    // Jest's own summary comes after the reporters.
    process.once('exit', () => process.stderr.write(`\n${line}\n`));
  }
}

/** What `describeWithRedis` was given. */
function nameOf(title) {
  return title.replace(/ \(left out: .*\)$/, '');
}
