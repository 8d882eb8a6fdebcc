// Turns the simulated account into the text of a rule file: what `vpcflow up` would mirror in it.
import { SIMULATED_FILTER, SIMULATED_TARGETS } from './account.ts';
import { REGION, VPC } from './world.ts';

export const SIMULATED_RULES = `# What vpcflow up would mirror of its simulated account.
mode: plan
scope: affected
ttl: 10m
neighbours: 2
regions:
  ${REGION}:
    vpcs:
      - name: simulated
        vpcId: ${VPC}
        filterId: ${SIMULATED_FILTER.id}
        targetIds: [${SIMULATED_TARGETS.map(({ id }) => id).join(', ')}]
`;
