import { ERROR_KINDS, type ErrorKind } from '../../src/core/error-kinds.ts';

/** The rules with the reasons of today, where they tell which calls failed by no fault of their caller. */
export function withReasons(rules: string): string {
  const kinds = Object.entries<ErrorKind>(ERROR_KINDS);
  const list = (ofCallers: boolean) =>
    kinds
      .filter(([, { callersAffair = false }]) => callersAffair === ofCallers)
      .map(([reason]) => reason)
      .join('|');
  return rules.replace(
    /(call_duration_seconds_count\{tamma_provider_outcome)([=!]~)"[^"]*"/g,
    (_, outcome, operator) => `${outcome}${operator}"${list(operator === '!~')}"`,
  );
}

/** The manifest of the same rules for the Prometheus operator. */
export function prometheusRule(rules: string): string {
  const head = `# Made of deploy/prometheus/rules.yaml by scripts/generate-monitoring.ts.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: tamma-provider
spec:
`;
  const groups = rules.slice(rules.indexOf('groups:\n'));
  return head + groups.replace(/^(?=.)/gm, '  ');
}
