// Kinds of options that graphs have: a grouping, and a list of networks.
import { isIPv4, isIPv6 } from 'node:net';
import { didYouMean } from '../../pipeline/nearest.ts';
import { DEFAULT_OWN_NETWORKS, type Grouping } from '../../schemas/graph.ts';
import { GROUPING_BOUNDS, GROUPING_FORMS, parseGrouping } from '../../schemas/groupings.ts';
import { noneOf, type Option } from './option-kinds.ts';

/** What a node of the graph is. */
export const grouping = (name: string, help: string): Option<Grouping> => ({
  ...{ name, metavar: 'G', default: 'address', defaultText: 'address', help },
  bounds: `${GROUPING_FORMS.join(', ')}; ${GROUPING_BOUNDS}`,
  parse: (given) => {
    const value = parseGrouping(given);
    if (value !== null) return { value };
    const meant = given.startsWith('cidr') ? '' : didYouMean(given, GROUPING_FORMS);
    return noneOf(`${GROUPING_FORMS.join(', ')} (${GROUPING_BOUNDS})`, meant);
  },
});

/** Networks separated by commas. */
export const networks = (name: string, help: string): Option<readonly string[]> => ({
  ...{ name, metavar: 'CIDR,..', default: DEFAULT_OWN_NETWORKS, defaultText: DEFAULT_OWN_NETWORKS.join(','), help },
  bounds: '',
  parse: (given) => {
    const value = given.split(',').map((part) => part.trim());
    const wrong = value.find((one) => !isNetwork(one));
    if (wrong === undefined) return { value };
    const problem = `needs networks such as 10.0.0.0/8 or fd00::/8, separated by commas (${JSON.stringify(wrong)} is none)`;
    return { problem };
  },
});

/** `10.0.0.0/8` or `fd00::/8`, without a zone. */
function isNetwork(text: string): boolean {
  const [, address, length] = /^([^/%]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? ['', '', ''];
  return (isIPv4(address) && Number(length) <= 32) || (isIPv6(address) && Number(length) <= 128);
}
