// Looks at how CloudWatch Logs feeds the stream: whether the log group's subscription leads to it, and how it distributes.

import {
  DescribeLogGroupsCommand,
  DescribeSubscriptionFiltersCommand,
  type SubscriptionFilter,
} from '@aws-sdk/client-cloudwatch-logs';
import { formatMany } from '../../pipeline/quantities.ts';
import { attempt, troubled } from './attempt.ts';
import { type Finding, fix, ok, unchecked, warn } from './check.ts';
import type { Examination } from './examination.ts';
import type { StreamPlace } from './stream-check.ts';

const AREA = 'subscription';
const MOST_GROUPS = 50;

/** `/vpc/*` matches as in the formats file: `*` is any run of characters. */
export const matchesGroup = (pattern: string, group: string): boolean => {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(group);
};

const howToCheck = (name: string): string =>
  `pass --log-group G to see whether its subscription leads to ${name}, or: aws logs describe-subscription-filters --log-group-name G`;

const judgeFilter = (group: string, filter: SubscriptionFilter): readonly Finding[] => {
  const named = `${group} feeds the stream by the filter ${filter.filterName}`;
  const pattern = filter.filterPattern?.trim() ?? '';
  const findings: Finding[] = [];
  if (filter.distribution === 'Random') {
    findings.push(
      warn(
        AREA,
        `${named}, with Random distribution: a redelivery to another shard cannot be told from new data and counts twice`,
        `aws logs put-subscription-filter --distribution ByLogStream, with the other arguments as they are`,
      ),
    );
  } else findings.push(ok(AREA, `${named}, distributed by log stream`));
  if (pattern !== '')
    findings.push(
      warn(
        AREA,
        `${named}, which lets only ${JSON.stringify(pattern)} pass`,
        'make the pattern empty to count every flow',
      ),
    );
  return findings;
};

const checkGroup = async (examination: Examination, place: StreamPlace, group: string): Promise<readonly Finding[]> => {
  const { partition, region, account, arn, name } = place;
  const resource = `arn:${partition}:logs:${region}:${account}:log-group:${group}:*`;
  const asked = await attempt(examination, (abortSignal) =>
    examination.clients.logs.send(new DescribeSubscriptionFiltersCommand({ logGroupName: group }), { abortSignal }),
  );
  if ('trouble' in asked) {
    const { trouble } = asked;
    if (trouble.kind === 'absent')
      return [fix(AREA, `there is no log group ${group} in ${region}`, 'check the name: aws logs describe-log-groups')];
    const permission = { action: 'logs:DescribeSubscriptionFilters', resource };
    return [troubled(AREA, `the subscriptions of ${group} cannot be read`, trouble, permission)];
  }
  const filters = asked.value.subscriptionFilters ?? [];
  const ours = filters.filter(({ destinationArn }) => destinationArn === arn);
  if (ours.length === 1) return judgeFilter(group, ours[0]!);
  if (ours.length > 1) {
    const what = `${group} feeds the stream by ${formatMany(ours.length, 'filter')} (${ours.map(({ filterName }) => filterName).join(', ')}): a line that both let pass counts twice`;
    return [warn(AREA, what, 'keep one of them')];
  }
  const elsewhere = filters.map(({ destinationArn }) => destinationArn).join(', ');
  const what = `${group} does not feed ${name}${elsewhere === '' ? ': it has no subscription' : `: it leads to ${elsewhere}`}`;
  const remedy = `aws logs put-subscription-filter --log-group-name ${group} --filter-name vpcflow --filter-pattern "" --destination-arn ${arn} --distribution ByLogStream --role-arn ROLE`;
  // A destination of CloudWatch Logs stands between accounts and hides the stream.
  const across = filters.some(({ destinationArn }) => destinationArn?.includes(':destination:'));
  return [
    across
      ? warn(AREA, what, 'a destination hides its stream: check it in the account that owns it')
      : fix(AREA, what, remedy),
  ];
};

/** The log groups that the pattern means; one without `*` is itself. */
const groupsOf = async (
  examination: Examination,
  place: StreamPlace,
  pattern: string,
): Promise<readonly string[] | Finding> => {
  if (!pattern.includes('*')) return [pattern];
  const prefix = pattern.slice(0, pattern.indexOf('*'));
  const asked = await attempt(examination, async (abortSignal) => {
    const groups: string[] = [];
    let nextToken: string | undefined;
    do {
      const request = { nextToken, ...(prefix === '' ? {} : { logGroupNamePrefix: prefix }) };
      const page = await examination.clients.logs.send(new DescribeLogGroupsCommand(request), { abortSignal });
      groups.push(...(page.logGroups ?? []).map(({ logGroupName }) => logGroupName ?? ''));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return groups.filter((group) => matchesGroup(pattern, group)).sort();
  });
  const { partition, region, account } = place;
  const permission = {
    action: 'logs:DescribeLogGroups',
    resource: `arn:${partition}:logs:${region}:${account}:log-group:*`,
  };
  if ('trouble' in asked) return troubled(AREA, 'the log groups cannot be listed', asked.trouble, permission);
  if (asked.value.length > 0) return asked.value;
  return fix(AREA, `no log group of ${region} matches ${pattern}`, 'check the name: aws logs describe-log-groups');
};

export const checkSubscription = async (examination: Examination, place: StreamPlace): Promise<readonly Finding[]> => {
  const pattern = examination.options.doctorLogGroup;
  if (pattern === null) return [unchecked(AREA, `not looked at: ${howToCheck(place.name)}`)];
  const groups = await groupsOf(examination, place, pattern);
  if ('verdict' in groups) return [groups];
  const looked = await Promise.all(groups.slice(0, MOST_GROUPS).map((group) => checkGroup(examination, place, group)));
  const left = groups.length - MOST_GROUPS;
  return [
    ...looked.flat(),
    ...(left > 0 ? [unchecked(AREA, `${formatMany(left, 'further log group')} of ${pattern}`)] : []),
  ];
};
