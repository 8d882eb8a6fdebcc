// What each action of the fake EC2 works on: the account as it is and as reads see it, its settings, and its next ids.
import { Ec2Error } from './ec2-error.ts';
import type { Query } from './query.ts';
import type { FakeSettings } from './settings.ts';
import type { FakeState, FakeTags } from './state.ts';
import type { Xml } from './xml.ts';

export type Members = { readonly [member: string]: Xml };

export interface Ec2Context {
  readonly account: string;
  readonly region: string;
  readonly settings: FakeSettings;
  /** As it is: what changes are checked against and made in. */
  readonly state: FakeState;
  /** As a read sees it; each call is one read. */
  readonly read: () => FakeState;
  /** `tms-` and 17 hex digits, counted. */
  readonly newId: (prefix: string) => string;
  /** What is left of a listing, by the token of its next page. */
  readonly pages: Map<string, readonly Xml[]>;
}

/** One action: what it answers, or throws an Ec2Error. Asynchronous nowhere, so that each is made whole. */
export type Handler = (query: Query, context: Ec2Context) => Members;

export const tagSet = (tags: FakeTags): Xml => [...tags].map(([key, value]) => ({ key, value }));

/** Tags of a specification: keys without a value have the empty one. */
export const givenTags = (query: Query, ofType: string): FakeTags =>
  new Map([...query.tags(ofType)].map(([key, value]) => [key, value ?? '']));

/** The thing of that id, or its NotFound. */
export const found = <T>(all: ReadonlyMap<string, T>, id: string, code: string, what: string): T => {
  const one = all.get(id);
  if (one === undefined) throw new Ec2Error(code, `The ${what} ID '${id}' does not exist`);
  return one;
};
