// Tries what the Kinesis Client Library does to its three DynamoDB tables, call by call, changing nothing in them.
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type TableDescription,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { attempt, isGeneral, troubled } from './attempt.ts';
import { type Finding, fix, ok, type Permission, unchecked, warn } from './check.ts';
import type { Examination } from './examination.ts';
import type { StreamPlace } from './stream-check.ts';

const AREA = 'tables';
const INDEX = 'LeaseOwnerToLeaseKeyIndex';

type Action = 'Scan' | 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query';

/** A table of the library, its hash key, and what the library does to its items. */
interface Table {
  readonly name: string;
  readonly key: string;
  readonly actions: readonly Action[];
  readonly resource: string;
}

/** Names, keys and calls as the Client Library 3.1 has them. */
const tablesOf = (application: string, { partition, region, account }: StreamPlace): readonly Table[] => {
  const table = (name: string, key: string, actions: readonly Action[]): Table => ({
    ...{ name, key, actions, resource: `arn:${partition}:dynamodb:${region}:${account}:table/${name}` },
  });
  const items: readonly Action[] = ['Scan', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'];
  return [
    table(application, 'leaseKey', [...items, 'Query']),
    table(`${application}-WorkerMetricStats`, 'wid', ['Scan', 'UpdateItem', 'DeleteItem']),
    table(`${application}-CoordinatorState`, 'key', items),
  ];
};

/** A condition that no item can meet: a write that is allowed fails on it and changes nothing. */
const never = (key: string) => ({
  ConditionExpression: 'attribute_exists(#key) AND attribute_not_exists(#key)',
  ExpressionAttributeNames: { '#key': key },
});

const send = async (
  { clients }: Examination,
  table: Table,
  action: Action,
  abortSignal: AbortSignal,
): Promise<unknown> => {
  const { dynamo } = clients;
  const TableName = table.name;
  const Key = { [table.key]: { S: 'vpcflow-doctor' } };
  switch (action) {
    case 'Scan':
      return await dynamo.send(new ScanCommand({ TableName, Limit: 1 }), { abortSignal });
    case 'GetItem':
      return await dynamo.send(new GetItemCommand({ TableName, Key }), { abortSignal });
    case 'PutItem':
      return await dynamo.send(new PutItemCommand({ TableName, Item: Key, ...never(table.key) }), { abortSignal });
    case 'UpdateItem':
      return await dynamo.send(new UpdateItemCommand({ TableName, Key, ...never(table.key) }), { abortSignal });
    case 'DeleteItem':
      return await dynamo.send(new DeleteItemCommand({ TableName, Key, ...never(table.key) }), { abortSignal });
    case 'Query':
      return await dynamo.send(
        new QueryCommand({
          ...{ TableName, IndexName: INDEX, Limit: 1, KeyConditionExpression: 'leaseOwner = :owner' },
          ExpressionAttributeValues: { ':owner': { S: 'vpcflow-doctor' } },
        }),
        { abortSignal },
      );
  }
};

const permit = ({ resource }: Table, action: Action | 'CreateTable' | 'DescribeTable' | 'UpdateTable'): Permission => ({
  action: `dynamodb:${action}`,
  resource: action === 'Query' ? `${resource}/index/${INDEX}` : resource,
});

/** One call; a condition that did not hold is a call that was allowed. Null: it was, or there is no such table. */
const tryAction = async (examination: Examination, table: Table, action: Action): Promise<Finding | null> => {
  const outcome = await attempt(examination, async (abortSignal) => {
    await send(examination, table, action, abortSignal).catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
  });
  if ('value' in outcome || outcome.trouble.kind === 'absent') return null;
  return troubled(AREA, `${action} on ${table.name}`, outcome.trouble, permit(table, action));
};

const hasIndex = ({ GlobalSecondaryIndexes = [] }: TableDescription): boolean =>
  GlobalSecondaryIndexes.some(({ IndexName, IndexStatus }) => IndexName === INDEX && IndexStatus === 'ACTIVE');

const checkShape = (table: Table, description: TableDescription): Finding | null => {
  const hash = description.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName;
  if (hash !== table.key) {
    const what = `${table.name} is a table with the key ${hash}, not ${table.key}: it is not the Client Library's`;
    return fix(AREA, what, 'choose another --application');
  }
  const status = description.TableStatus;
  if (status === 'ACTIVE' || status === 'UPDATING') return null;
  return warn(AREA, `${table.name} is ${status}`, 'run it again in a minute');
};

const checkExisting = async (
  examination: Examination,
  table: Table,
  found: TableDescription,
): Promise<readonly Finding[]> => {
  const misshapen = checkShape(table, found);
  if (misshapen !== null) return [misshapen];
  const indexed = hasIndex(found);
  const actions = table.actions.filter((action) => action !== 'Query' || indexed);
  const tried = await Promise.all(actions.map((action) => tryAction(examination, table, action)));
  const wrong = tried.filter((finding) => finding !== null);
  const allowed = ['DescribeTable', ...actions.filter((_, i) => tried[i] === null)];
  const needsIndex = `${table.name} has no index ${INDEX} yet: the next start makes it, and needs dynamodb:UpdateTable`;
  return [
    ok(AREA, `${table.name}: dynamodb:${allowed.join(', ')} allowed`),
    ...wrong,
    ...(indexed || !table.actions.includes('Query')
      ? []
      : [unchecked(AREA, needsIndex, [permit(table, 'UpdateTable'), permit(table, 'Query')])]),
  ];
};

interface TableReport {
  readonly table: Table;
  readonly state: 'there' | 'absent' | 'unknown' | 'unreachable';
  readonly findings: readonly Finding[];
}

const checkTable = async (examination: Examination, table: Table): Promise<TableReport> => {
  const { name } = table;
  const described = await attempt(examination, (abortSignal) =>
    examination.clients.dynamo.send(new DescribeTableCommand({ TableName: name }), { abortSignal }),
  );
  if ('value' in described) {
    return { table, state: 'there', findings: await checkExisting(examination, table, described.value.Table ?? {}) };
  }
  const { trouble } = described;
  if (trouble.kind === 'absent') return { table, state: 'absent', findings: [] };
  const undescribed = troubled(AREA, `${name} cannot be described`, trouble, permit(table, 'DescribeTable'));
  if (isGeneral(trouble)) return { table, state: 'unreachable', findings: [undescribed] };
  const tried = await Promise.all(table.actions.map((action) => tryAction(examination, table, action)));
  return { table, state: 'unknown', findings: [undescribed, ...tried.filter((finding) => finding !== null)] };
};

type Fate = (names: string, one: boolean) => string;

const absent: Fate = (names, one) =>
  `${names} ${one ? 'is' : 'are'} not there yet: the first start makes ${one ? 'it' : 'them'}`;

const unknown: Fate = (names, one) =>
  `whether ${names} ${one ? 'is' : 'are'} there is not known: where not, the first start makes ${one ? 'it' : 'them'}`;

/** Creating a table cannot be tried without doing it, nor can anything be done to one that is not there. */
const toBeMade = (reports: readonly TableReport[], state: 'absent' | 'unknown', fate: Fate): readonly Finding[] => {
  const tables = reports.filter((report) => report.state === state).map(({ table }) => table);
  if (tables.length === 0) return [];
  const names = tables.map(({ name }) => name).join(', ');
  const what = `${fate(names, tables.length === 1)}, and needs dynamodb:CreateTable, DescribeTable and UpdateTable`;
  const actions = (table: Table) => ['CreateTable', 'DescribeTable', 'UpdateTable', ...table.actions] as const;
  return [
    unchecked(
      AREA,
      what,
      tables.flatMap((table) => actions(table).map((action) => permit(table, action))),
    ),
  ];
};

/** `readable`: whether there is a lease table whose leases can be looked at. */
export const checkLeaseTables = async (
  examination: Examination,
  application: string,
  place: StreamPlace,
): Promise<{ readonly findings: readonly Finding[]; readonly readable: boolean }> => {
  const [leases, ...others] = tablesOf(application, place);
  const first = await checkTable(examination, leases!);
  if (first.state === 'unreachable') return { findings: first.findings, readable: false };
  const reports = [first, ...(await Promise.all(others.map((table) => checkTable(examination, table))))];
  const ofLeases = first.findings[0];
  return {
    findings: [
      ...reports.flatMap(({ findings }) => findings),
      ...toBeMade(reports, 'absent', absent),
      ...toBeMade(reports, 'unknown', unknown),
    ],
    readable: ofLeases?.verdict === 'ok' && /Scan/.test(ofLeases.what),
  };
};
