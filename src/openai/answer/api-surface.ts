import type { Call, Emit } from '../../core/call.ts';
import type { Completed, Timings } from '../../core/events.ts';
import type { Repeatable } from './repeated-event.ts';

/** One of OpenAI's two APIs for answers: how it is asked, and how its answers read. */
export interface ApiSurface {
  /** Below the base URL: `/chat/completions`. */
  readonly path: string;
  /** The body that asks for an answer: as a stream, unless the model cannot. */
  toRequest(call: Call): object;
  /** @param emit gets the events of the answer */
  newStream(call: Call, emit: Emit): AnswerStream;
}

/** Folds what an upstream sends into the events of one answer. Knows nothing of sockets and time. */
export interface AnswerStream {
  /**
   * Takes the next event, which is neither empty nor `[DONE]`.
   *
   * @param name of the event, empty if it has none
   * @throws ProviderError if it cannot be read, or reports a failure
   */
  read(name: string, data: string): void;
  /** The text in the event that was read last; undefined: there is more of the answer in it, or less. */
  onlyText(): Repeatable | undefined;
  /**
   * Takes an event that is as the last one that had a text alone, but for that.
   *
   * @param sequence its `sequence_number`; undefined: as that of the last, or none
   * @throws ProviderError if the answer grows too large
   */
  readAgain(text: string, sequence: number | undefined): void;
  /** Takes `[DONE]`. */
  saidDone(): void;
  /**
   * Takes what came behind `[DONE]`, which is nothing but usage at those servers that send any.
   *
   * @returns false if it is anything else
   */
  readLate(data: string): boolean;
  /**
   * Takes a whole answer, as it comes where no stream was asked for.
   *
   * @throws ProviderError if it cannot be read, or reports a failure
   */
  readWhole(body: string): void;
  /** The model gave the reason why it stopped; usage, and at some servers more output, may follow. */
  readonly finished: boolean;
  /** Output followed a reason: this server gives one with every piece, and none is the end. */
  readonly wentOn: boolean;
  /** Nothing more can follow. */
  readonly complete: boolean;
  /** The server has said what the answer consumed. */
  readonly hasUsage: boolean;
  /** The model has said something. */
  readonly hasOutput: boolean;
  /** What is kept of it, in characters and a little for each piece. */
  readonly weight: number;
  /** Tells the call what the answer has used so far as its server has said; for one that comes to no end. */
  tellUsage(): void;
  /** The end, once nothing follows. Emits what is left before: halves of characters. */
  end(timings: Timings): Completed;
}
