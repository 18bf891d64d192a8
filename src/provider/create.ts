import { randomUUID } from 'node:crypto';
import { metrics, type ObservableResult, type Tracer, trace } from '@opentelemetry/api';
import { type Clock, systemClock } from '../core/clock.ts';
import { DatedClock, watchForSteps } from '../core/dated-clock.ts';
import { type ProviderLog, SILENT } from '../core/provider-log.ts';
import type { BudgetAlert } from '../money/budget/alert.ts';
import { PriceNotices } from '../money/pricing/price-notices.ts';
import { Repeats } from '../money/repeats/repeats.ts';
import { WaitingRoom } from '../policies/breaker/waiting-room.ts';
import { KeptRegister } from '../policies/recovery/kept-register.ts';
import { PromptSizes } from '../request/tokens/prompt-sizes.ts';
import { TokenCounter } from '../request/tokens/token-counter.ts';
import { createInstruments, type Instruments } from '../telemetry/instruments.ts';
import { ModelLabels } from '../telemetry/model-label.ts';
import { hideSecret } from '../telemetry/secrets.ts';
import { openBooks } from './books.ts';
import { buildSetup, prepareSetup } from './build-setup.ts';
import type { Lasting } from './lasting.ts';
import { UnknownLog } from './observe/unknown-log.ts';
import { OpenAIProvider } from './openai-provider.ts';
import type { OpenAIProviderOptions } from './options.ts';
import { keeperOf } from './upstream-parts.ts';

export type { OpenAIProviderOptions, UpstreamOptions } from './options.ts';

/** What the provider works with of its process; all of it has a default. */
export interface OpenAIProviderEnvironment {
  /** Default: the system's. */
  readonly clock?: Clock;
  /**
   * Epoch ms by the wall clock, by which days and months begin. Default: the system's; with a `clock` of
   * one's own, that one.
   */
  readonly wallTime?: () => number;
  /** In [0, 1). Default: Math.random. */
  readonly random?: () => number;
  /** Default: that of the globally registered OpenTelemetry SDK, if any. */
  readonly tracer?: Tracer;
  /** Default: those of the globally registered OpenTelemetry SDK, if any. */
  readonly instruments?: Instruments;
  /** Whether prompts and answers stand on spans that are recorded. Default false. */
  readonly captureContent?: boolean;
  /** Is told what an operator should know. Default: nobody. */
  readonly log?: ProviderLog;
  /** Is told when a budget reaches one of its alert thresholds. Must not throw. Default: nobody. */
  readonly onAlert?: (alert: BudgetAlert) => void;
  /** Makes call ids. Default: random UUIDs. */
  readonly newId?: () => string;
}

const SCOPE = 'tamma.provider.openai';

/**
 * The OpenAI provider, ready to use. Opens no connection before the first call, unless a process that died
 * has left answers at an upstream, which are deleted.
 *
 * @throws TypeError if a `baseUrl` is not a URL, if a key is empty or no header could carry it, or if there are budgets and
 * costs are not tracked.
 * @throws CatalogueError if there is a catalogue file and it is invalid.
 * @throws LedgerError if there can be no ledger in the directory that is given.
 */
export function createOpenAIProvider(
  options: OpenAIProviderOptions,
  environment: OpenAIProviderEnvironment = {},
): OpenAIProvider {
  hideSecrets(options);
  const means = meansOf(environment, options.version);
  const tokens = new TokenCounter();
  const lasting: Lasting = {
    ...means,
    tokens,
    sizes: new PromptSizes(tokens, means.clock),
    labels: new ModelLabels([]),
    priceNotices: new PriceNotices(means.log),
    unknown: new UnknownLog(means.instruments, means.log),
    room: new WaitingRoom(means.clock),
    repeats: new Repeats(means.clock, () => books.repeatStore),
    register: new KeptRegister({ ...means, book: () => books.ledger.kept }),
    newSource: (...limit) => books.newSource(...limit),
    books: () => books,
  };
  const prepared = prepareSetup(options, lasting);
  // Last of what may throw: whoever tries again finds its directory free.
  const books = openBooks(prepared.settings, means);
  const hideLabels = showLabels(means.instruments, lasting.labels);
  // Whoever waits for a budget is served when its period begins.
  const endWatch = watchForSteps(means.dated, () => books.book.states({}));
  const setup = buildSetup(prepared, lasting);
  lasting.register.start(setup.parts.upstreams.map(keeperOf));
  return new OpenAIProvider(setup, {
    ...lasting,
    ...books,
    closeBooks: async () => {
      hideLabels();
      endWatch();
      await books.closeBooks();
    },
    rebuild: (wanted, before) => {
      hideSecrets(wanted);
      const next = prepareSetup(wanted, lasting, before);
      books.book.configure(next.settings.budgets.budgets);
      return buildSetup(next, lasting, before);
    },
  });
}

/** What the provider needs and does not make itself. */
function meansOf(environment: OpenAIProviderEnvironment, version: string) {
  const { clock = systemClock, log = SILENT } = environment;
  const hasOwn = environment.clock !== undefined && environment.wallTime === undefined;
  const wallTime = environment.wallTime ?? Date.now;
  return {
    clock,
    dated: hasOwn ? clock : new DatedClock(clock, wallTime, (byMs) => tellStep(byMs, log)),
    random: environment.random ?? Math.random,
    tracer: environment.tracer ?? trace.getTracer(SCOPE, version),
    instruments: environment.instruments ?? createInstruments(metrics.getMeter(SCOPE, version)),
    log: environment.log ?? SILENT,
    captureContent: environment.captureContent ?? false,
    newId: environment.newId ?? randomUUID,
    ...(environment.onAlert && { onAlert: environment.onAlert }),
  };
}

function tellStep(byMs: number, log: ProviderLog): void {
  log.warn(
    { by_seconds: Math.round(byMs / 1_000) },
    'the wall clock was set, or the machine was asleep: days and resets follow',
  );
}

/** From now on, in whatever is logged and told. */
function hideSecrets(own: OpenAIProviderOptions): void {
  const { keys, targets = {}, sharedStore, hostedTools } = own;
  for (const { authorization, headers = {} } of Object.values(hostedTools?.mcpServers ?? {})) {
    for (const secret of [authorization ?? '', ...Object.values(headers)]) hideSecret(secret);
  }
  if (sharedStore !== undefined) hideSecret(sharedStore.url);
  for (const { secret } of [keys, ...Object.values(targets).map((one) => one.keys)].flat()) {
    hideSecret(secret);
  }
}

/** Shows how many models are told apart. Returns what ends it. */
function showLabels({ modelLabels }: Instruments, labels: ModelLabels): () => void {
  const observe = (result: ObservableResult) => result.observe(labels.size);
  modelLabels.addCallback(observe);
  return () => modelLabels.removeCallback(observe);
}
