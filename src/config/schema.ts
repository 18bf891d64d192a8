import type { z } from 'zod';
import {
  baseUrl,
  byteSize,
  choice,
  duration,
  filePath,
  flag,
  group,
  hostAndPort,
  listenAddresses,
  token,
  wholeNumber,
} from './fields.ts';
import { catalogueSchema, profilesSchema, tasksSchema } from './models-schema.ts';

const APIS = ['auto', 'chat_completions', 'responses'] as const;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** 24 days: timers and gRPC deadlines are int32 milliseconds. */
const LONGEST = 576 * HOUR;

const timeouts = group({
  connect: duration('Until the connection to the upstream stands, TLS included.', {
    min: 1,
    max: LONGEST,
    default: 5 * SECOND,
  }),
  headers: duration('From the connection to the headers of the answer.', {
    min: 1,
    max: LONGEST,
    default: 30 * SECOND,
  }),
  // A reasoning model streams its headers at once and may then think for minutes.
  firstToken: duration('From the headers of the answer to its first output.', {
    min: 1,
    max: LONGEST,
    default: 10 * MINUTE,
  }),
  idle: duration('Between two pieces of output.', { min: 1, max: LONGEST, default: 30 * SECOND }),
});

const limits = group({
  maxMessageSize: byteSize('Largest gRPC message, in either direction.', {
    min: 64 * KIB,
    max: GIB,
    default: 32 * MIB,
  }),
  maxConcurrentStreams: wholeNumber('Calls that may run at once on one connection.', {
    min: 1,
    max: 100_000,
    default: 1000,
  }),
  maxDeadline: duration('Longest deadline; a longer one is cut to it.', {
    min: SECOND,
    max: LONGEST,
    default: HOUR,
  }),
});

const drain = group({
  gracePeriod: duration('How long running calls may go on once the process was told to stop.', {
    min: 0,
    max: LONGEST,
    default: 30 * SECOND,
  }),
});

/** The configuration file. What is written here is what docs/configuration.md explains. */
export const configSchema = group({
  defaultModel: token()
    // Active without a shutdown date, general (tools, images, 400K tokens), 0.75 USD per million.
    .default('gpt-5.4-mini')
    .describe('Model of requests that name none; default gpt-5.4-mini.'),
  apiKeyFile: filePath()
    .exactOptional()
    .describe(
      'Path of a file that holds the API key and nothing else. No default; OPENAI_API_KEY and OPENAI_API_KEY_FILE win over it.',
    ),
  baseUrl: baseUrl("The upstream, with the version's path.", 'https://api.openai.com/v1'),
  organization: token().exactOptional().describe('OpenAI-Organization header. No default.'),
  project: token().exactOptional().describe('OpenAI-Project header. No default.'),
  api: choice(
    "The upstream's API over which models are asked that have both; auto chooses by model, request and upstream.",
    APIS,
    'auto',
  ),
  dropUnsupported: flag(
    'Whether sampling parameters that a model does not take are left out with a warning instead of refused.',
    false,
  ),
  catalogue: catalogueSchema.prefault({}).describe('What is known of models.'),
  profiles: profilesSchema,
  tasks: tasksSchema,
  timeout: duration('Deadline of calls that bring none. At most limits.maxDeadline.', {
    min: 1,
    max: LONGEST,
    default: 10 * MINUTE,
  }),
  timeouts: timeouts
    .prefault({})
    .describe('How long each part of an attempt at the upstream may take.'),
  limits: limits.prefault({}).describe('What one caller may ask for.'),
  listen: listenAddresses('Where the gRPC server listens.', '127.0.0.1:50051'),
  adminListen: hostAndPort(
    'Where /metrics, /livez, /readyz and the status page are.',
    '127.0.0.1:9464',
  ),
  drain: drain.prefault({}).describe('How the process stops.'),
  allowDispose: flag('Whether callers may stop this process with Dispose.', false),
  logLevel: choice('Least severe level that is logged.', LOG_LEVELS, 'info'),
}).refine(({ timeout, limits }) => timeout <= limits.maxDeadline, {
  path: ['timeout'],
  error: 'must not be longer than limits.maxDeadline',
  // Also beside problems elsewhere: all are told at once.
  when: ({ issues }) =>
    issues.every(({ code, path: [key] = [] }) =>
      key === undefined ? code === 'unrecognized_keys' : key !== 'timeout' && key !== 'limits',
    ),
});

/** What a configuration file says, defaults filled in, durations in ms and sizes in bytes. */
export type Settings = z.output<typeof configSchema>;

/** The effective configuration: of file, environment and defaults. Frozen, all the way down. */
export interface Config {
  /** Secret. Visible ASCII, never empty. */
  readonly apiKey: string;
  readonly defaultModel: string;
  /** http or https, with the version's path, without a closing slash. */
  readonly baseUrl: string;
  readonly organization?: string;
  readonly project?: string;
  readonly api: (typeof APIS)[number];
  readonly dropUnsupported: boolean;
  readonly catalogue: Settings['catalogue'];
  /** By model or pattern, over the built-in ones; null switches one of these off. */
  readonly profiles: Settings['profiles'];
  /** By task type, over the built-in ones; null switches one of these off. */
  readonly tasks: Settings['tasks'];
  /** Deadline of calls that bring none. */
  readonly timeoutMs: number;
  readonly timeouts: {
    readonly connectMs: number;
    readonly headersMs: number;
    readonly firstTokenMs: number;
    readonly idleMs: number;
  };
  readonly limits: {
    readonly maxMessageBytes: number;
    readonly maxConcurrentStreams: number;
    readonly maxDeadlineMs: number;
  };
  /** `host:port`, `[v6]:port` or `unix:/path`; at least one. */
  readonly listen: readonly string[];
  /** `host:port` or `[v6]:port`. */
  readonly adminListen: string;
  readonly drain: { readonly gracePeriodMs: number };
  readonly allowDispose: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}
