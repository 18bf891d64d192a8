/** One query of a panel, and what its lines are called. */
export interface Query {
  readonly expr: string;
  /** As Grafana has it: `{{label}}` is the value of a label. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** A unit of Grafana's. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** What a reader should know. */
  readonly description?: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const OF = '{job=~"$job", instance=~"$instance"}';
const TARGET = '{{tamma_provider_target}}';
const MODEL = '{{gen_ai_request_model}}';

const rate = (metric: string) => `rate(${metric}${OF}[$__rate_interval])`;
const sum = (metric: string, ...by: readonly string[]) =>
  `sum by (${by.join(', ')}) (${rate(metric)})`;
const total = (metric: string) => `sum(${rate(metric)})`;
const worst = (metric: string, ...by: readonly string[]) =>
  `max by (${by.join(', ')}) (${metric}${OF})`;
const quantile = (share: number, histogram: string, ...by: readonly string[]) =>
  `histogram_quantile(${share}, ${sum(`${histogram}_bucket`, ...by, 'le')})`;

const ONE_TARGET = ['tamma_provider_target', 'gen_ai_request_model'];

/** From whether it works to why not, what it costs, and how the process is. */
export const ROWS: readonly Row[] = [
  {
    title: 'Does it work?',
    panels: [
      {
        title: 'Calls, by outcome',
        unit: 'reqps',
        queries: [
          {
            expr: sum('tamma_provider_call_duration_seconds_count', 'tamma_provider_outcome'),
            legend: '{{tamma_provider_outcome}}',
          },
        ],
      },
      {
        title: 'Calls that fail by no fault of their callers',
        unit: 'percentunit',
        description: 'Of deploy/prometheus/rules.yaml. The objective is 1 %.',
        queries: [
          { expr: 'tamma_provider:call_failures:ratio_rate5m{job=~"$job"}', legend: '5 minutes' },
          { expr: 'tamma_provider:call_failures:ratio_rate1h{job=~"$job"}', legend: '1 hour' },
        ],
      },
      {
        title: 'Duration of calls',
        unit: 's',
        queries: [0.5, 0.95, 0.99].map((share) => ({
          expr: quantile(share, 'tamma_provider_call_duration_seconds'),
          legend: `p${share * 100}`,
        })),
      },
      {
        title: 'Time to first output of attempts, p95',
        unit: 's',
        queries: [
          {
            expr: quantile(
              0.95,
              'gen_ai_client_inference_time_to_first_chunk_seconds',
              'server_address',
              'gen_ai_request_model',
            ),
            legend: `{{server_address}} ${MODEL}`,
          },
        ],
      },
    ],
  },
  {
    title: 'Which target is in trouble?',
    panels: [
      {
        title: 'Attempts that failed, by target and reason',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (tamma_provider_target, tamma_provider_outcome) (rate(tamma_provider_attempts_total{job=~"$job", instance=~"$instance", tamma_provider_outcome!="completed"}[$__rate_interval]))`,
            legend: `${TARGET} {{tamma_provider_outcome}}`,
          },
        ],
      },
      {
        title: 'Circuits: 1 half open, 2 open',
        unit: 'none',
        queries: [
          {
            expr: worst('tamma_provider_circuit_state', ...ONE_TARGET),
            legend: `${TARGET} ${MODEL}`,
          },
        ],
      },
      {
        title: 'Held back by a rate limit, for',
        unit: 's',
        queries: [
          {
            expr: worst('tamma_provider_rate_limit_hold_seconds', ...ONE_TARGET),
            legend: `${TARGET} ${MODEL}`,
          },
        ],
      },
      {
        title: 'Wait before an attempt, p95',
        unit: 's',
        queries: [
          {
            expr: quantile(
              0.95,
              'tamma_provider_queue_duration_seconds',
              'tamma_provider_target',
              'tamma_provider_waited_for',
            ),
            legend: `${TARGET} {{tamma_provider_waited_for}}`,
          },
        ],
      },
      {
        title: 'Retries and fallbacks',
        unit: 'reqps',
        queries: [
          {
            expr: sum(
              'tamma_provider_retries_total',
              'tamma_provider_target',
              'tamma_provider_reason',
            ),
            legend: `again ${TARGET} {{tamma_provider_reason}}`,
          },
          {
            expr: sum(
              'tamma_provider_fallbacks_total',
              'tamma_provider_target',
              'tamma_provider_reason',
            ),
            legend: `away from ${TARGET} {{tamma_provider_reason}}`,
          },
        ],
      },
      {
        title: 'API keys that were set aside, in an hour',
        unit: 'none',
        queries: [
          {
            expr: `sum by (tamma_provider_target, tamma_provider_reason) (increase(tamma_provider_keys_set_aside_total${OF}[1h]))`,
            legend: `${TARGET} {{tamma_provider_reason}}`,
          },
        ],
      },
    ],
  },
  {
    title: 'What does it cost?',
    panels: [
      {
        title: 'Dollars an hour, by model',
        unit: 'currencyUSD',
        queries: [
          {
            expr: `${sum('tamma_provider_cost_total', ...ONE_TARGET)} * 3600`,
            legend: `${TARGET} ${MODEL}`,
          },
        ],
      },
      {
        title: 'Budgets: share that is spent',
        unit: 'percentunit',
        queries: [
          {
            expr: `max by (tamma_provider_budget_name) (tamma_provider_budget_spent${OF} / (tamma_provider_budget_limit${OF} > 0))`,
            legend: '{{tamma_provider_budget_name}}',
          },
        ],
      },
      {
        title: 'Tokens',
        unit: 'none',
        queries: [
          { expr: total('gen_ai_client_inference_usage_input_tokens_total'), legend: 'input' },
          {
            expr: total('gen_ai_client_inference_usage_cache_read_input_tokens_total'),
            legend: 'input, cached',
          },
          { expr: total('gen_ai_client_inference_usage_output_tokens_total'), legend: 'output' },
          {
            expr: total('gen_ai_client_inference_usage_reasoning_output_tokens_total'),
            legend: 'output, reasoning',
          },
        ],
      },
      {
        title: 'Response cache',
        unit: 'reqps',
        queries: [
          { expr: total('tamma_provider_cache_hits_total'), legend: 'hits' },
          { expr: total('tamma_provider_cache_misses_total'), legend: 'misses' },
        ],
      },
      {
        title: 'Attempts without a price',
        unit: 'reqps',
        queries: [
          {
            expr: sum('tamma_provider_unpriced_attempts_total', ...ONE_TARGET),
            legend: `${TARGET} ${MODEL}`,
          },
        ],
      },
      {
        title: 'Batches',
        unit: 'none',
        queries: [
          {
            expr: `sum by (tamma_provider_outcome) (increase(tamma_provider_batch_items_total${OF}[1h]))`,
            legend: 'items in an hour, {{tamma_provider_outcome}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Are the answers any good?',
    panels: [
      {
        title: 'Answers, by how they ended',
        unit: 'reqps',
        queries: [
          {
            expr: sum(
              'tamma_provider_answers_total',
              'gen_ai_request_model',
              'tamma_provider_finish_reason',
            ),
            legend: `${MODEL} {{tamma_provider_finish_reason}}`,
          },
        ],
      },
      {
        title: 'Answers of little use',
        unit: 'reqps',
        queries: [
          {
            expr: sum(
              'tamma_provider_answer_faults_total',
              'gen_ai_request_model',
              'tamma_provider_fault',
            ),
            legend: `${MODEL} {{tamma_provider_fault}}`,
          },
        ],
      },
    ],
  },
  {
    title: 'Has the process room?',
    panels: [
      {
        title: 'Calls that run',
        unit: 'none',
        queries: [
          { expr: `sum by (instance) (tamma_provider_active_calls${OF})`, legend: '{{instance}}' },
        ],
      },
      {
        title: 'Refused for want of room',
        unit: 'reqps',
        queries: [
          { expr: sum('tamma_provider_shed_calls_total', 'instance'), legend: '{{instance}}' },
        ],
      },
      {
        title: 'Cores in use',
        unit: 'none',
        queries: [
          { expr: sum('process_cpu_time_seconds_total', 'instance'), legend: '{{instance}}' },
        ],
      },
      {
        title: 'Memory',
        unit: 'bytes',
        queries: [
          { expr: worst('process_memory_usage_bytes', 'instance'), legend: '{{instance}}' },
        ],
      },
      {
        title: 'Delay of the event loop, p99',
        unit: 's',
        queries: [
          { expr: worst('nodejs_eventloop_delay_p99_seconds', 'instance'), legend: '{{instance}}' },
        ],
      },
      {
        title: 'Time of a call in the process, p95',
        unit: 's',
        queries: [
          {
            expr: quantile(
              0.95,
              'tamma_provider_overhead_duration_seconds',
              'tamma_provider_stage_group',
            ),
            legend: '{{tamma_provider_stage_group}}',
          },
        ],
      },
      {
        title: 'Records that wait for the ledger',
        unit: 'none',
        queries: [
          { expr: worst('tamma_provider_ledger_pending', 'instance'), legend: '{{instance}}' },
        ],
      },
      {
        title: 'Disk of the ledger: free',
        unit: 'bytes',
        queries: [
          {
            expr: worst('tamma_provider_ledger_disk_free_bytes', 'instance'),
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Answers of the shared store, p50 and p95',
        unit: 's',
        queries: [0.5, 0.95].map((share) => ({
          expr: quantile(share, 'tamma_provider_shared_store_duration_seconds', 'instance'),
          legend: `p${share * 100} {{instance}}`,
        })),
      },
      {
        title: 'Stores that cannot be written: 1',
        unit: 'none',
        queries: [
          {
            expr: worst('tamma_provider_ledger_outage_ratio', 'instance'),
            legend: 'ledger {{instance}}',
          },
          {
            expr: worst('tamma_provider_shared_store_outage_ratio', 'instance'),
            legend: 'shared store {{instance}}',
          },
        ],
      },
    ],
  },
];
