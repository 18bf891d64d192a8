import pino from 'pino';
import { BurstWriter } from './burst-writer.ts';
import { LogDrops } from './log-drops.ts';
import { prettyStream } from './pretty.ts';
import { redact } from './redact.ts';
import { serializeError } from './serialize-error.ts';
import { standardError } from './standard-error.ts';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  readonly level: string;
  /** Default: stderr, because stdout is for the `listening on` lines. */
  readonly destination?: pino.DestinationStream;
  /** Lines for people rather than JSON. Default false. */
  readonly pretty?: boolean;
  /** Told of lines that were lost. */
  readonly drops?: LogDrops;
}

const SERVICE_NAME = 'tamma-provider-openai';

/** What is logged above it is made into a line at once. */
const INFO = pino.levels.values.info ?? 0;

/**
 * One JSON object per line: ISO time, level as a word, service, message. Errors go under `err`. To log
 * never throws and never waits: what cannot be made into a line, or not be written, is counted. Fields
 * that are logged must not be changed afterwards: a line may be made with those behind it.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, pretty = false, drops = new LogDrops() } = options;
  const written = options.destination ?? new BurstWriter(standardError(), drops);
  const bursts = written instanceof BurstWriter ? written : undefined;
  const colours = process.stderr.isTTY === true && process.stderr.hasColors();
  return pino(
    {
      level,
      base: { service: SERVICE_NAME },
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => redact(fields) },
      serializers: { err: serializeError },
      hooks: {
        logMethod(words, log, severity) {
          const at = Date.now();
          const make = (): void => {
            saidAt = at;
            try {
              log.apply(this, words);
            } catch {
              drops.lines += 1;
            }
          };
          if (bursts === undefined) make();
          else bursts.line(make, severity <= INFO);
        },
      },
    },
    pretty ? prettyStream(written, colours) : written,
  );
}

/** Epoch ms at which the line was logged that is made now. */
let saidAt = 0;
let second = -1;
let isoSecond = '';

/** pino's own, but that the date is made once a second: a tenth of what a line costs. */
function isoTime(): string {
  const ms = saidAt % 1_000;
  if (saidAt - ms !== second) {
    second = saidAt - ms;
    isoSecond = new Date(second).toISOString().slice(0, -4);
  }
  return `,"time":"${isoSecond}${String(ms).padStart(3, '0')}Z"`;
}

const AREAS = ['calls', 'server', 'provider', 'batches'] as const;

export type Area = (typeof AREAS)[number];

export type AreaLoggers = Readonly<Record<Area, Logger>>;

type Levels = { readonly [A in Area]?: string | undefined };

/** The parts of a log that have levels of their own. */
export function areaLoggers(logger: Logger): AreaLoggers {
  const of = (area: Area) => [area, logger.child({})] as const;
  return Object.fromEntries(AREAS.map(of)) as Record<Area, Logger>;
}

/** From now on; an area without a level has that of the log. */
export function setLevels(areas: AreaLoggers, levels: Levels, { level }: Logger): void {
  for (const area of AREAS) areas[area].level = levels[area] ?? level;
}
