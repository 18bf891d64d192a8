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
