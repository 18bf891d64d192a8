import type { TaskType } from '../../core/message.ts';

/** Defaults of a model. The caller's own values win over every one of them. */
export interface ModelProfile {
  /** 0 to 2. Not applied where the model does not take one. */
  readonly temperature?: number;
  /** In tokens, 1 or more; cut to the longest answer that the model gives. */
  readonly maxTokens?: number;
  /** Put before conversations that have neither a system nor a developer message. */
  readonly systemPrompt?: string;
  /** Applied where it is in the model's set. */
  readonly reasoningEffort?: string;
  /** `auto`, `concise` or `detailed`. Applied to models that reason and are asked over Responses. */
  readonly reasoningSummary?: string;
}

/** What a kind of task changes in the profile. */
export interface TaskAdjustment {
  /** Multiplies the profile's temperature, 0 to 10; the product is kept within 0 and 2. */
  readonly temperatureFactor?: number;
  /** Most tokens of an answer of a model that does not reason: one that does needs room to think. */
  readonly maxTokens?: number;
  /** Instead of the profile's. */
  readonly systemPrompt?: string;
  /** Instead of the profile's. */
  readonly reasoningEffort?: string;
}

/** What calls are asked with where they say nothing, by model and by task. */
export interface Profiles {
  /**
   * By model: a name, or a pattern of names in which `*` is any run of characters and `?` any one.
   * The name that was asked for comes first, then the model it is a snapshot of, then patterns in
   * their order.
   */
  readonly models: Readonly<Record<string, ModelProfile>>;
  readonly tasks: Readonly<Partial<Record<TaskType, TaskAdjustment>>>;
}

/** What replaces default profiles, entry by entry; null switches one off. */
export interface ProfileOverrides {
  readonly models: Readonly<Record<string, ModelProfile | null>>;
  readonly tasks: Readonly<Partial<Record<TaskType, TaskAdjustment | null>>>;
}
