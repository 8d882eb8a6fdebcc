// What a check of `vpcflow doctor` finds: whether it is well, what it is about, what to do, and which permission is missing.

/** `unchecked`: not looked at, and the finding says why. */
export type Verdict = 'ok' | 'fix' | 'warn' | 'unchecked';

/** An IAM action on a resource, as a policy names them. */
export interface Permission {
  readonly action: string; // kinesis:GetRecords
  readonly resource: string; // an ARN
}

export interface Finding {
  readonly verdict: Verdict;
  /** What it is about, in one word. */
  readonly area: string;
  readonly what: string;
  /** What to do; null where there is nothing to do. */
  readonly remedy: string | null;
  /** What the service refused. */
  readonly missing: readonly Permission[];
  /** What is needed too, and could not be tried without doing it or without what is missing. */
  readonly untried: readonly Permission[];
}

const finding =
  (verdict: Verdict) =>
  (area: string, what: string, remedy: string | null = null): Finding => ({
    ...{ verdict, area, what, remedy, missing: [], untried: [] },
  });

export const ok = finding('ok');
export const warn = finding('warn');
export const unchecked = (area: string, what: string, untried: readonly Permission[] = []): Finding => ({
  ...finding('unchecked')(area, what),
  untried,
});
export const fix = (area: string, what: string, remedy: string, missing: readonly Permission[] = []): Finding => ({
  ...finding('fix')(area, what, remedy),
  missing,
});
