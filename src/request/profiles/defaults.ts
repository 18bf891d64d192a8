import type { ProfileOverrides, Profiles } from './profiles.ts';

/** The platform's tuning of the models it began with, and of the tasks it knows. */
export const DEFAULT_PROFILES: Profiles = {
  models: {
    'gpt-4': {
      temperature: 0.1,
      maxTokens: 4096,
      systemPrompt: 'You are a helpful AI assistant specialized in software development.',
    },
    'gpt-3.5-turbo': {
      temperature: 0.3,
      maxTokens: 2048,
      systemPrompt: 'You are a helpful AI assistant for coding tasks.',
    },
    'o1-preview': {
      maxTokens: 32_768,
      systemPrompt: 'You are a reasoning AI assistant. Think step by step.',
    },
  },
  tasks: {
    code_generation: { temperatureFactor: 0.8, maxTokens: 2048 },
    reasoning: { temperatureFactor: 1.2 },
    analysis: { temperatureFactor: 0.5, maxTokens: 1024 },
  },
};

/** The default profiles with the given ones in their place; what is null is switched off. */
export function withDefaultProfiles({ models, tasks }: ProfileOverrides): Profiles {
  return {
    models: withoutNull({ ...DEFAULT_PROFILES.models, ...models }),
    tasks: withoutNull({ ...DEFAULT_PROFILES.tasks, ...tasks }),
  };
}

function withoutNull<T>(entries: Readonly<Record<string, T | null>>): Record<string, T> {
  const kept: [string, T][] = [];
  for (const [key, value] of Object.entries(entries)) if (value !== null) kept.push([key, value]);
  return Object.fromEntries(kept);
}
