// Turns a Describe call into a page of what its ids and filters leave, as EC2 pages it.
import type { Ec2Context, Members } from './context.ts';
import { Ec2Error } from './ec2-error.ts';
import type { GivenFilter, Query } from './query.ts';
import type { FakeTags } from './state.ts';
import type { Xml } from './xml.ts';

const FEWEST = 5; // MaxResults of EC2
const MOST = 1000;
const MOST_VALUES = 200;

export interface Listing<T> {
  /** The member of the answer that holds the items. */
  readonly set: string;
  /** The parameter of ids. */
  readonly ids: string;
  readonly wellFormed: RegExp;
  /** With `.NotFound` and `.Malformed`. */
  readonly idCode: string;
  readonly what: string;
  /** EC2 takes no page size along with ids of instances and interfaces. */
  readonly idsWithPages: boolean;
  /** By the name of a filter; every kind has `tag:…` and `tag-key` where it is said. */
  readonly filters: Readonly<Record<string, (one: T) => readonly string[]>>;
  readonly tagFilters: boolean;
  readonly item: (one: T) => Xml;
}

interface Listed {
  readonly id: string;
  readonly tags: FakeTags;
}

const valuesOf = <T extends Listed>(listing: Listing<T>, name: string): ((one: T) => readonly string[]) => {
  const values = listing.filters[name];
  if (values !== undefined) return values;
  if (listing.tagFilters && name.startsWith('tag:')) {
    return ({ tags }) => {
      const value = tags.get(name.slice('tag:'.length));
      return value === undefined ? [] : [value];
    };
  }
  if (listing.tagFilters && name === 'tag-key') return ({ tags }) => [...tags.keys()];
  throw new Ec2Error('InvalidParameterValue', `The filter '${name}' is invalid`);
};

const matcher = <T extends Listed>(listing: Listing<T>, { name, values }: GivenFilter): ((one: T) => boolean) => {
  if (values.length > MOST_VALUES)
    throw new Ec2Error('FilterLimitExceeded', `The filter '${name}' has too many values`);
  const of = valuesOf(listing, name);
  return (one) => of(one).some((value) => values.includes(value));
};

const chosen = <T extends Listed>(
  listing: Listing<T>,
  all: ReadonlyMap<string, T>,
  ids: readonly string[],
): readonly T[] => {
  if (ids.length === 0) return [...all.values()];
  const malformed = ids.find((id) => !listing.wellFormed.test(id));
  if (malformed !== undefined) throw new Ec2Error(`${listing.idCode}.Malformed`, `Invalid id: "${malformed}"`);
  const missing = ids.filter((id) => !all.has(id));
  const [plural, verb] = missing.length > 1 ? ['s', 'do'] : ['', 'does'];
  if (missing.length > 0)
    throw new Ec2Error(
      `${listing.idCode}.NotFound`,
      `The ${listing.what} ID${plural} '${missing.join(', ')}' ${verb} not exist`,
    );
  return ids.map((id) => all.get(id)!);
};

const page = (context: Ec2Context, set: string, size: number, items: readonly Xml[]): Members => {
  const rest = items.slice(size);
  if (rest.length === 0) return { [set]: items };
  const nextToken = `page-${context.newId('')}==`;
  context.pages.set(nextToken, rest);
  return { [set]: items.slice(0, size), nextToken };
};

/** The page that the token names, or the first of what the ids and filters leave. */
export const describe = <T extends Listed>(
  query: Query,
  context: Ec2Context,
  listing: Listing<T>,
  all: () => ReadonlyMap<string, T>,
): Members => {
  const asked = query.number('MaxResults', FEWEST, MOST);
  const ids = query.list(listing.ids);
  if (ids.length > 0 && asked !== undefined && !listing.idsWithPages)
    throw new Ec2Error('InvalidParameterCombination', `The parameter ${listing.ids} cannot be used with MaxResults`);
  const size = Math.min(asked ?? MOST, context.settings.page);
  const token = query.text('NextToken');
  const seen = all(); // a further page is a read too
  if (token !== undefined) {
    const rest = context.pages.get(token);
    if (rest === undefined) throw new Ec2Error('InvalidNextToken', 'The token is not valid');
    return page(context, listing.set, size, rest);
  }
  const matchers = query.filters.map((filter) => matcher(listing, filter));
  const left = chosen(listing, seen, ids).filter((one) => matchers.every((matches) => matches(one)));
  return page(context, listing.set, size, left.map(listing.item));
};
