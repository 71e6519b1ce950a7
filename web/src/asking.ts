/** Answers that a server is asked for: one question at a time, what is looked at now before anything else. */

export interface Asking<Question, Answer> {
  /** The answer; null where it is not there, and then it is asked for. */
  get(question: Question): Answer | null;
  /** The answer if it is there. */
  known(question: Question): Answer | null;
  /** Asks for several, after what is looked at. */
  prepare(questions: readonly Question[]): void;
  /** Why there is no answer; "" while it is asked for. */
  trouble(question: Question): string;
  /** What is said while an answer is waited for. */
  waiting(): string;
}

const ANSWERS = 2000;
const PATIENCE = 90;
const PAUSE = 1000;

/**
 * Answers to questions that are told apart by their `key`. `together` chooses those of the questions prepared that are asked at
 * once; `changed` hears of each answer.
 */
export function asking<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  key: (question: Question) => string,
  together: (questions: readonly Question[]) => readonly Question[],
  changed: () => void,
): Asking<Question, Answer> {
  const known = new Map<string, Answer>();
  const failed = new Map<string, string>();
  /** The newest question: of those in between, nobody waits for the answer. */
  let wanted: Question | null = null;
  let later = new Map<string, Question>();
  let busy = false;
  let tries = 0;

  async function next(): Promise<void> {
    if (busy) return;
    const some = wanted === null ? together([...later.values()]) : [wanted];
    if (!some.length) return;
    busy = true;
    try {
      const found = await ask(some);
      some.forEach((question, at) => known.set(key(question), found[at]));
      if (known.size > ANSWERS) known.delete(known.keys().next().value!);
      tries = 0;
    } catch (error) {
      if ((error as Error).name === "Busy" && ++tries < PATIENCE) {
        changed();
        setTimeout(() => {
          busy = false;
          void next();
        }, PAUSE);
        return;
      }
      for (const question of some) failed.set(key(question), (error as Error).message);
    }
    busy = false;
    const done = new Set(some.map(key));
    if (wanted !== null && done.has(key(wanted))) wanted = null;
    later = new Map([...later].filter(([name]) => !done.has(name)));
    changed();
    void next();
  }

  return {
    get(question) {
      const name = key(question);
      const found = known.get(name);
      if (found !== undefined || failed.has(name)) return found ?? null;
      wanted = question;
      void next();
      return null;
    },
    known: (question) => known.get(key(question)) ?? null,
    prepare(questions) {
      for (const question of questions) {
        const name = key(question);
        if (!known.has(name) && !failed.has(name)) later.set(name, question);
      }
      void next();
    },
    trouble: (question) => failed.get(key(question)) ?? "",
    waiting: () => (tries ? "the agent is being loaded \u2026" : "asking \u2026"),
  };
}
