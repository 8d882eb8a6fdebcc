// Turns the table of the Client Library's properties into what the help of a command that takes --kcl has after its options.
import type { Appendix } from '../command.ts';
import { describeType } from './properties.ts';
import { DAEMON_PROPERTIES } from './property-table.ts';

/** Each property: what it means, what it may be, its default, and when it counts. */
export const PROPERTY_HELP: Appendix = {
  title: 'Properties of the Client Library, for --kcl NAME=VALUE,..:',
  items: DAEMON_PROPERTIES.map(({ name, type, libraryDefault, ourDefault, retrieval, help }) => {
    const only = retrieval === null ? [] : [`with --retrieval ${retrieval}`];
    const facts = [describeType(type), `default: ${ourDefault ?? libraryDefault}`, ...only];
    return { term: name, help: `${help} (${facts.join('; ')})` };
  }),
};
