import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { ENVIRONMENT_KEYS } from '../../src/config/environment-keys.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configWarnings } from '../../src/config/warnings.ts';
import { runCommand } from '../support/run-command.ts';
import { FOLDERS, type Manifest, render, withSidecar, workloads } from './kustomize.ts';
import { mountOf, type ProviderPod, pathsIn, providerPods } from './pods.ts';

const pods = providerPods();
const cases = pods.map((pod) => [pod.folder, pod] as const);

/** Other variables that the program reads. */
const VARIABLES = [
  ...Object.keys(ENVIRONMENT_KEYS),
  ...['OPENAI_API_KEY', 'OPENAI_API_KEY_FILE', 'TAMMA_CONFIG', 'TAMMA_REDIS_URL'],
];

function configOf({ container, readFile }: ProviderPod): Config {
  const [flag, configPath] = container.args;
  expect(flag).toBe('--config');
  return loadConfig({ environment: {}, configPath, readFile });
}

const portOf = (address: unknown) => Number(String(address).split(':').at(-1));

describe('deploy/kubernetes', () => {
  it('has a Pod with the provider in every folder but that of the monitor', () => {
    expect(pods.map(({ folder }) => folder)).toEqual(
      FOLDERS.filter((name) => name !== 'monitoring'),
    );
  });
});

describe('deploy/kubernetes/sidecar', () => {
  const templateOf = ({ spec }: Manifest) => spec.template ?? spec.jobTemplate.spec.template;
  const [deployment, ...others] = withSidecar(workloads());

  it.each(others.map((object) => [object.kind, object] as const))(
    'gives a %s the Pod that it gives a Deployment',
    (_, object) => {
      const { spec } = templateOf(deployment);
      expect(spec.initContainers).toMatchObject([{ name: 'tamma-provider' }]);
      expect(templateOf(object).spec).toEqual(spec);
      expect(templateOf(object).metadata.labels).toMatchObject({ 'tamma.dev/provider': 'openai' });
    },
  );
});

describe.each(cases)('deploy/kubernetes/%s', (_, pod) => {
  const { container, template, workload } = pod;

  it('has a configuration without a problem or warning', () => {
    const config = configOf(pod);
    expect(configWarnings(config)).toEqual([]);
    expect(config.keys).toHaveLength(1);
  });

  it('names only arguments and variables that the program knows', async () => {
    const { out: help } = await runCommand(['serve', '--help']);
    for (const arg of container.args.filter((text: string) => text.startsWith('-'))) {
      expect(help).toContain(`  ${arg} `);
    }
    for (const { name } of container.env ?? []) expect(VARIABLES).toContain(name);
  });

  it('mounts every path of the configuration, and what is written to can be written to', () => {
    const written: Manifest = parse(pod.readFile(container.args[1]));
    const paths = pathsIn(written);
    expect(paths).toContain(written.dataDir);
    for (const path of paths) {
      const mount = mountOf(container, path.replace(/^unix:/, ''));
      expect([path, mount]).toEqual([path, expect.anything()]);
      const isWritten = path === written.dataDir || path.startsWith('unix:');
      expect([path, mount.readOnly ?? false]).toEqual([path, !isWritten]);
    }
    const names = template.spec.volumes.map(({ name }: Manifest) => name);
    for (const { name } of container.volumeMounts) expect(names).toContain(name);
  });

  it('opens the ports that the configuration listens on, and probes one of them', () => {
    const { healthListen, metricsListen } = configOf(pod);
    const ports = new Map<string, number>(
      container.ports.map(({ name, containerPort }: Manifest) => [name, containerPort]),
    );
    expect(ports.get('tamma-health')).toBe(portOf(healthListen));
    expect(ports.get('tamma-metrics') ?? Number.NaN).toBe(portOf(metricsListen));
    for (const [probe, path] of [
      ['startupProbe', '/readyz'],
      ['readinessProbe', '/readyz'],
      ['livenessProbe', '/livez'],
    ] as const) {
      expect(container[probe].httpGet).toEqual({ path, port: 'tamma-health' });
    }
  });

  it('may do nothing that it does not need', () => {
    expect(container.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    // Without the policy each mount of a claim opens the ledger to the group, which the program refuses.
    expect(template.spec.securityContext).toEqual({
      fsGroup: 65532,
      fsGroupChangePolicy: 'OnRootMismatch',
    });
    for (const { secret } of template.spec.volumes)
      expect(secret?.defaultMode ?? 0o440).toBe(0o440);
  });

  it('is admitted where the Pod security standard is restricted, with all that is in its Pod', () => {
    const { containers, initContainers = [], volumes } = template.spec;
    for (const { name, securityContext } of [...initContainers, ...containers]) {
      expect([name, securityContext]).toMatchObject([
        name,
        {
          runAsNonRoot: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        },
      ]);
    }
    const kinds = volumes.flatMap(({ name: _, ...source }: Manifest) => Object.keys(source));
    expect(['configMap', 'secret', 'emptyDir']).toEqual(expect.arrayContaining(kinds));
  });

  it('has the time to drain and 5 s beside it, and 30 s before it for those it goes with', () => {
    const drain = configOf(pod).drain.gracePeriodMs / 1_000;
    const before = container.lifecycle?.preStop.sleep.seconds ?? 30;
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(before + drain + 5);
  });

  it('is a native sidecar, or the only one, or may be stopped with Dispose', () => {
    const isNative = template.spec.initContainers?.includes(container) ?? false;
    const isAlone = template.spec.containers.length === 1;
    expect(container.restartPolicy).toBe(isNative ? 'Always' : undefined);
    expect(configOf(pod).allowDispose).toBe(!isNative && !isAlone);
  });

  it('is found by the monitor if it has metrics, and by its own selector', () => {
    const [monitor] = render('monitoring').objects;
    expect(template.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
    expect(monitor.spec.podMetricsEndpoints[0].port).toBe('tamma-metrics');
    expect(template.metadata.labels).toMatchObject(workload.spec.selector?.matchLabels ?? {});
  });
});

describe('deploy/kubernetes/shared', () => {
  const pod = pods.find(({ folder }) => folder === 'shared') as ProviderPod;
  const objects = new Map<string, Manifest>(
    render('shared').objects.map((object) => [object.kind, object]),
  );
  const { labels } = pod.template.metadata;

  it('asks for TLS and knows its callers', () => {
    const config = configOf(pod);
    expect(config.callers.map(({ name }) => name)).toEqual(['web-shop', 'operator']);
    expect(JSON.stringify(config.listen)).toContain('/run/secrets/tamma-tls/tls.crt');
  });

  it.each([
    ['Service', (spec: Manifest) => spec.selector],
    ['PodDisruptionBudget', (spec: Manifest) => spec.selector.matchLabels],
    ['NetworkPolicy', (spec: Manifest) => spec.podSelector.matchLabels],
  ])('has a %s for its Pods', (kind, selector) => {
    const selected = selector(objects.get(kind).spec);
    expect(Object.keys(selected)).not.toEqual([]);
    expect(labels).toMatchObject(selected);
  });

  it('is reached at the ports it has', () => {
    const ports = pod.container.ports.map(({ name }: Manifest) => name);
    const policy = objects.get('NetworkPolicy').spec.ingress;
    const open = policy.flatMap((rule: Manifest) => rule.ports.map(({ port }: Manifest) => port));
    expect(open.sort()).toEqual(ports.sort());
    expect(ports).toContain(objects.get('Service').spec.ports[0].targetPort);
  });
});
