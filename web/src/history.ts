/** What was, what is, and what was taken back. */
export interface History<T> {
  readonly past: readonly T[];
  readonly now: T;
  readonly future: readonly T[];
}

const KEPT = 200;

export const begin = <T>(now: T): History<T> => ({ past: [], now, future: [] });

/** Go on to something new; what had been taken back is forgotten. */
export const push = <T>(history: History<T>, now: T): History<T> => ({
  past: [...history.past, history.now].slice(-KEPT),
  now,
  future: [],
});

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future] };
}

export function redo<T>(history: History<T>): History<T> {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.now], now: after, future };
}
