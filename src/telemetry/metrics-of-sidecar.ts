import { ATTRIBUTE } from './attributes.ts';
import { type Metrics, own, ownSeconds } from './metric-definition.ts';

const { reason, outcome } = ATTRIBUTE;

/** The sidecar itself: its load, its configuration, its own telemetry. */
export const SIDECAR = {
  shedCalls: own(
    'counter',
    'shed_calls',
    '{call}',
    'Calls refused because this process has too much to do.',
  ),
  refusedConnections: own(
    'counter',
    'refused_connections',
    '{connection}',
    'Connections that were not taken, or cut to make room.',
    [reason],
  ),
  droppedLogLines: own(
    'observableCounter',
    'dropped_log_lines',
    '{line}',
    'Log lines that could not be written.',
  ),
  sharedStoreOutage: own(
    'observableGauge',
    'shared_store.outage',
    '1',
    'Whether the store that sidecars share is away: 1, else 0. Absent where nothing is shared.',
  ),
  sharedStoreDuration: ownSeconds(
    'shared_store.duration',
    'Time of a request to the store that sidecars share, also of one that was given up.',
    [],
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
  ),
  configReloads: own(
    'counter',
    'config.reloads',
    '{reload}',
    'How often the configuration was read again: it was applied, unchanged or refused.',
    [outcome],
  ),
  configRefused: own(
    'observableGauge',
    'config.refused',
    '1',
    'Whether the configuration as it was read last is refused, and the one before in force: 1, else 0.',
  ),
  configWaiting: own(
    'observableGauge',
    'config.waiting',
    '{key}',
    'Keys of the configuration whose change waits for a restart.',
  ),
  modelLabels: own(
    'observableGauge',
    'telemetry.models',
    '{model}',
    'Models that metrics tell apart, of at most 100 beside the configured ones; all others read "other".',
  ),
  series: own(
    'observableGauge',
    'telemetry.series',
    '{series}',
    'Attribute sets that the last scrape counted, a histogram’s buckets as one.',
  ),
} as const satisfies Metrics;
