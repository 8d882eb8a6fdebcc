// Tries what a worker does to the store with an object that no reader looks at, the conditions of exactly-once above all.
import { randomUUID } from 'node:crypto';
import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { VpcflowError } from '../../schemas/errors.ts';
import type { ObjectStore, PutCondition } from '../../schemas/store.ts';
import type { Trouble } from '../shared/aws-trouble.ts';
import { checkLayout, LAYOUT_VERSION } from '../shared/store/layout.ts';
import { attempt, type Bounds, isGeneral, troubled } from './attempt.ts';
import { type Finding, fix, ok, type Permission, unchecked } from './check.ts';

const AREA = 'store';
const EXACTLY_ONCE =
  'use a store that does as S3 does (Amazon S3 itself, a directory): with this one, two workers may count a flow twice';

type StoreStep = 'put' | 'get' | 'list' | 'remove';

/** What a refused step needs: on S3 an IAM action, in a directory none. */
export type StorePermission = (step: StoreStep) => Permission;

export interface StoreExamination extends Bounds {
  readonly store: ObjectStore;
  readonly permission: StorePermission;
}

/** Nothing is created for a look: a directory that is not there is made by the first worker. */
export const checkDirectory = async (path: string): Promise<Finding | null> => {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return null;
  if (found !== null) return fix(AREA, `${path} is a file`, 'name a directory with --store');
  let parent = dirname(resolve(path));
  while (parent !== dirname(parent) && (await stat(parent).catch(() => null)) === null) parent = dirname(parent);
  try {
    await access(parent, constants.W_OK);
    return unchecked(AREA, `${path} is not there yet: the first worker makes it`);
  } catch {
    return fix(
      AREA,
      `${path} is not there, and ${parent} may not be written`,
      'create it for this user, or name another --store',
    );
  }
};

const bucketOf = ({ uri }: ObjectStore): string => uri.replace(/^s3:\/\//, '').split('/')[0] ?? '';

const failed = ({ store, permission }: StoreExamination, step: StoreStep, trouble: Trouble): Finding => {
  if (trouble.kind === 'absent')
    return fix(AREA, `${store.uri}: there is no such bucket`, `aws s3 mb s3://${bucketOf(store)}`);
  return troubled(AREA, `${store.uri}: cannot ${step} an object`, trouble, permission(step));
};

/** Takes steps one after the other, and none any more once one failed as all will. */
class Steps {
  readonly findings: Finding[] = [];
  stopped = false;
  readonly #examination: StoreExamination;

  constructor(examination: StoreExamination) {
    this.#examination = examination;
  }

  /** What the step gave; undefined when it failed or was not taken. */
  async take<T>(step: StoreStep, call: () => Promise<T>): Promise<T | undefined> {
    if (this.stopped) return undefined;
    const outcome = await attempt(this.#examination, call);
    if ('value' in outcome) return outcome.value;
    const { trouble } = outcome;
    this.findings.push(failed(this.#examination, step, trouble));
    this.stopped = isGeneral(trouble) || trouble.kind === 'absent';
    return undefined;
  }

  broken(what: string): void {
    this.findings.push(fix(AREA, `${this.#examination.store.uri} ${what}`, EXACTLY_ONCE));
  }
}

/** Puts one object, reads and lists it, and puts it again under conditions that hold and that do not. */
const probe = async (steps: Steps, store: ObjectStore, key: string): Promise<void> => {
  const put = (text: string, condition: PutCondition) =>
    steps.take('put', () => store.put(key, Buffer.from(text), condition));
  const first = await put('first', { ifAbsent: true });
  const read = await steps.take('get', () => store.get(key));
  const listed = await steps.take('list', async () => {
    for await (const object of store.list(key)) if (object.key === key) return true;
    return false;
  });
  // A refused condition is verified by reading back: without that, the refusal of a read would look like one of a write.
  if (first?.outcome !== 'stored' || read === undefined) return;
  if (read?.body.toString() !== 'first') steps.broken('does not give back what it took');
  if (listed === false) steps.broken('does not list what it took');
  const again = await put('again', { ifAbsent: true });
  if (again?.outcome === 'stored') steps.broken('ignores the condition If-None-Match of a write');
  const { tag } = again?.outcome === 'stored' ? again : first;
  const next = await put('next', { ifMatch: tag });
  if (next?.outcome === 'exists') steps.broken('refuses a write whose condition If-Match holds');
  if (next?.outcome !== 'stored') return;
  const late = await put('late', { ifMatch: tag });
  if (late?.outcome === 'stored') steps.broken('ignores the condition If-Match of a write');
};

const checkVersion = async (examination: StoreExamination): Promise<Finding | null> => {
  const { store } = examination;
  const outcome = await attempt(examination, async () => {
    try {
      await checkLayout(store);
      return ok(AREA, `${store.uri} holds a store of layout ${LAYOUT_VERSION}`);
    } catch (error) {
      if (!(error instanceof VpcflowError) || error.code === 'VF_STORE_UNREACHABLE') throw error;
      if (error.code === 'VF_STORE_MISSING')
        return unchecked(AREA, `${store.uri} holds nothing yet: the first worker begins it`);
      return fix(AREA, error.message, error.help);
    }
  });
  // S3 says 403 for an object that is not there to those who may not list; the probe has told that better.
  return 'value' in outcome ? outcome.value : null;
};

/** A permission that several steps need is named once. */
const distinct = (findings: readonly Finding[]): readonly Finding[] => [
  ...new Map(findings.map((finding) => [finding.what, finding])).values(),
];

/** Its own object is removed however the rest ends. */
export const checkStore = async (examination: StoreExamination): Promise<readonly Finding[]> => {
  const { store } = examination;
  const key = `doctor-${randomUUID()}.txt`;
  const steps = new Steps(examination);
  await probe(steps, store, key);
  // A put that was not answered may have been carried out all the same.
  const removed = await attempt(examination, () => store.remove(key));
  if (steps.stopped) return steps.findings;
  if ('trouble' in removed) steps.findings.push(failed(examination, 'remove', removed.trouble));
  const version = await checkVersion(examination);
  const works = ok(AREA, 'objects can be put, read, listed and removed, and conditional writes are honoured');
  return [
    ...(version === null ? [] : [version]),
    ...(steps.findings.length === 0 ? [works] : distinct(steps.findings)),
  ];
};
