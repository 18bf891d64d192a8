import type { Call, Emit } from '../../src/core/call.ts';
import type { Clock } from '../../src/core/clock.ts';
import { ProviderError } from '../../src/core/errors.ts';
import type { Completed } from '../../src/core/events.ts';
import { pause } from '../../src/core/pause.ts';
import { completed, started, text } from '../support/events.ts';
import { type Conduct, headersMs, piecesOf } from './load.ts';

/** Does in the place of an upstream what `conduct` says. */
export async function play(
  conduct: Conduct,
  call: Call,
  emit: Emit,
  clock: Clock,
): Promise<Completed> {
  const since = clock.now();
  const until = (ms: number) => pause(Math.max(0, since + ms - clock.now()), call.signal, clock);
  if (conduct === 'silence') {
    await until(1e9);
    throw new Error('The silence ended.');
  }
  if ('fails' in conduct) {
    await until(conduct.afterMs ?? 20);
    tellLimits(conduct, call);
    throw failure(conduct);
  }
  await until(headersMs(conduct));
  call.onProgress('headers');
  tellLimits(conduct, call);
  for (const { atMs, text: piece } of piecesOf(conduct)) {
    if (conduct.breaksMs !== undefined && conduct.breaksMs < atMs) {
      await until(conduct.breaksMs);
      throw new ProviderError(conduct.breaksWith ?? 'NETWORK_ERROR');
    }
    await until(atMs);
    if (atMs === conduct.firstMs) emit(started());
    emit(text(piece));
  }
  return completed();
}

function tellLimits({ headroom, account }: Exclude<Conduct, 'silence'>, call: Call): void {
  if (headroom === undefined && account === undefined) return;
  call.onHeadroom({ ...(headroom && { requests: headroom }), ...(account && { account }) });
}

function failure({ fails, retryAfterMs }: Extract<Conduct, { fails: unknown }>): ProviderError {
  return new ProviderError(fails, {
    ...(fails !== 'NETWORK_ERROR' && {
      upstreamStatus: fails === 'RATE_LIMIT_EXCEEDED' ? 429 : 503,
    }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
