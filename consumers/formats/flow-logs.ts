// Turns the DescribeFlowLogs of each region into the flow logs that there are.
import { EC2Client, type FlowLog, paginateDescribeFlowLogs } from '@aws-sdk/client-ec2';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { defaultFormatOf, type FlowLogFacts } from '../../pipeline/formats/discovery.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { assumedRole, type CredentialsProvider } from '../shared/assumed-role.ts';
import { adviceOf, troubleOf } from '../shared/aws-trouble.ts';

const PAGE = 1000; // the most that DescribeFlowLogs gives
const ATTEMPTS = 5;
const CONNECT_MS = 4_000;
const REQUEST_MS = 30_000;

/** `arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/flow:*` */
const LOG_GROUP_ARN = /^arn:[^:]+:logs:[^:]*:[^:]*:log-group:([^:]+)/;

/** What one description says; without a kind of destination it is CloudWatch Logs, the only one that there was once. */
export const factsOf = (flowLog: FlowLog, region: string): FlowLogFacts => {
  const destination = flowLog.LogDestinationType ?? 'cloud-watch-logs';
  const arn = flowLog.LogDestination ?? null;
  const resource = flowLog.ResourceId ?? '';
  const ofLogs = destination === 'cloud-watch-logs';
  return {
    id: flowLog.FlowLogId ?? '',
    ...{ region, resource, destination },
    logGroup: ofLogs ? flowLog.LogGroupName || (LOG_GROUP_ARN.exec(arn ?? '')?.[1] ?? null) : null,
    arn: ofLogs ? null : arn,
    format: flowLog.LogFormat ?? defaultFormatOf(resource),
    active: flowLog.FlowLogStatus === 'ACTIVE',
    failure: flowLog.DeliverLogsStatus === 'FAILED' ? (flowLog.DeliverLogsErrorMessage ?? 'no reason given') : null,
  };
};

export interface Place {
  /** null: that of the SDK's settings. */
  readonly region: string | null;
  readonly role: string | null;
  readonly externalId: string | null;
}

const credentialsOf = ({ role, externalId }: Place): { readonly credentials?: CredentialsProvider } =>
  role === null ? {} : { credentials: assumedRole(role, externalId) };

/**
 * All flow logs of one region, of VPCs, subnets, interfaces, transit gateways and their attachments.
 * @throws VF_SERVICE naming the region, why, and what to do; VF_USAGE for a role that is none.
 */
export const describeFlowLogs = async (place: Place, signal: AbortSignal): Promise<readonly FlowLogFacts[]> => {
  const requestHandler = new NodeHttpHandler({
    ...{ connectionTimeout: CONNECT_MS, requestTimeout: REQUEST_MS, throwOnRequestTimeout: true },
  });
  const client = new EC2Client({
    ...(place.region === null ? {} : { region: place.region }),
    ...credentialsOf(place),
    ...{ maxAttempts: ATTEMPTS, requestHandler },
  });
  const abortable = { abortSignal: signal };
  try {
    const region = await client.config.region();
    const found: FlowLogFacts[] = [];
    for await (const page of paginateDescribeFlowLogs({ client, pageSize: PAGE }, {}, abortable)) {
      found.push(...(page.FlowLogs ?? []).map((flowLog) => factsOf(flowLog, region)));
    }
    return found;
  } catch (error) {
    if (error instanceof VpcflowError) throw error;
    const trouble = troubleOf(error);
    const advice = adviceOf(trouble, 'pass --regions, or set AWS_REGION');
    const where = place.region === null ? 'the flow logs' : `the flow logs of ${place.region}`;
    const help = advice?.remedy ?? (trouble.kind === 'denied' ? 'allow the action ec2:DescribeFlowLogs' : undefined);
    throw new VpcflowError('VF_SERVICE', `${where} cannot be described: ${advice?.what ?? trouble.detail}`, {
      cause: error,
      ...(help === undefined ? {} : { help }),
    });
  } finally {
    client.destroy();
  }
};
