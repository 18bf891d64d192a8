/** Writes the patch of CronJobs, whose Pod lies deeper, from that of all other workloads. */
import { readFileSync, writeFileSync } from 'node:fs';

const folder = new URL('../deploy/kubernetes/sidecar/', import.meta.url);
const sidecar = readFileSync(new URL('sidecar.yaml', folder), 'utf8');
const template = sidecar.slice(sidecar.indexOf('  template:\n'));
const head = `# Made of sidecar.yaml by scripts/generate-cron-job.ts.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: any
spec:
  jobTemplate:
    spec:
`;
writeFileSync(new URL('cron-job.yaml', folder), head + template.replace(/^(?=.)/gm, '    '));
