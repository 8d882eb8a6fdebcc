// Turns the query parameters that say what the nodes of a graph are into the options of graph and diff.
import { z } from 'zod';
import { INTERNETS } from '../../../schemas/graph.ts';
import { OPTIONS } from '../../shared/options.ts';
import type { GraphOptions } from '../questions/graph-question.ts';
import { optionParameter, TOP_PARAMETER } from './parameters.ts';

const { grouping, internet, ownNetworks } = OPTIONS;

/** The same names and texts as the options of the commands. */
export const NODE_PARAMETERS = {
  group: z.string().optional().describe(`${grouping.help} (${grouping.bounds})`),
  internet: z.enum(INTERNETS).optional().describe(internet.help),
  'own-networks': z.string().optional().describe(ownNetworks.help),
  top: TOP_PARAMETER,
};

type Given = z.infer<z.ZodObject<typeof NODE_PARAMETERS>>;

/** `own` are the server's own networks, where a question names none. Throws VF_BAD_PARAMETER. */
export const nodeParameters = (
  query: Given,
  own: readonly string[],
): Pick<GraphOptions, 'group' | 'internet' | 'ownNetworks' | 'top'> => ({
  group: optionParameter(grouping, query.group),
  internet: query.internet ?? internet.default,
  ownNetworks: optionParameter({ ...ownNetworks, default: own }, query['own-networks']),
  top: optionParameter(OPTIONS.top, query.top),
});
