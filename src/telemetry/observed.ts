import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics';

/**
 * Of a gauge what was observed now. With any other the SDK goes on to tell what was observed once of a target, model or
 * budget that there is no more: a circuit that was open then would raise its alert for as long as the process lives.
 */
export const OF_ONE_COLLECTION = AggregationTemporality.DELTA;

export const isOnlyObserved = (type: InstrumentType): boolean =>
  type === InstrumentType.OBSERVABLE_GAUGE;
