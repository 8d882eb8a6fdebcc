// Options as they are given on a command line and in the environment, against the values and problems they become.
import { describe, expect, test } from 'vitest';
import { environmentName, OPTIONS, type OptionKey } from '../../../consumers/shared/options.ts';
import { type Given, readOptions } from '../../../consumers/shared/read-options.ts';
import { VpcflowError } from '../../../schemas/errors.ts';

const read = (
  options: readonly OptionKey[],
  given: Given = {},
  environment: Record<string, string> = {},
  required: readonly OptionKey[] = [],
) => readOptions({ options, required }, given, environment);

const problemOf = (attempt: () => unknown): VpcflowError => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof VpcflowError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
};

describe('a value comes', () => {
  test('from the command line before the environment before the default', () => {
    expect(read(['port'], { port: '81' }, { VPCFLOW_PORT: '82' }).port).toBe(81);
    expect(read(['port'], {}, { VPCFLOW_PORT: '82' }).port).toBe(82);
    expect(read(['port'], {}, { VPCFLOW_PORT: '' }).port).toBe(8080);
    expect(read(['port']).port).toBe(8080);
  });

  test('only for options that the command takes', () => {
    expect(read(['store'], {}, { VPCFLOW_PORT: 'nonsense' }).port).toBe(8080);
  });

  test('typed by its row of the table', () => {
    const options = read(['lateness', 'servicePorts', 'columns', 'dryRun', 'asNew', 'graphFormat', 'top', 'workerId'], {
      lateness: '90s',
      'service-ports': '50051, 8443,50051,9',
      group: 'srcaddr, dstaddr',
      'dry-run': true,
      format: 'svg',
      top: '200',
    });
    expect(options.lateness).toBe(90_000);
    expect(options.servicePorts).toEqual([9, 8443, 50051]);
    expect(options.columns).toEqual(['srcaddr', 'dstaddr']);
    expect([options.dryRun, options.asNew]).toEqual([true, false]);
    expect(options.graphFormat).toBe('svg');
    expect([options.top, options.workerId]).toEqual([200, null]);
  });

  test('and can no longer be changed', () => {
    expect(Object.isFrozen(read(['port']))).toBe(true);
  });
});

describe('what is wrong', () => {
  test('is said all at once, by the name under which it was given, as a usage error', () => {
    const error = problemOf(() =>
      read(
        ['port', 'lateness', 'dryRun', 'start'],
        { port: '65536' },
        { VPCFLOW_LATENESS: '20', VPCFLOW_DRY_RUN: 'yes' },
        ['start'],
      ),
    );
    expect(error.code).toBe('VF_USAGE');
    expect(error.message.split('; ')).toEqual([
      '--port needs a whole number from 0 to 65535, not "65536"',
      'VPCFLOW_LATENESS needs a length of time such as 90s, 30m, 2h or 1d, from 0s to 7d, not "20"',
      'VPCFLOW_DRY_RUN must be 1 or 0, not "yes"',
      '--start is missing',
    ]);
  });

  test.each(['-1', '+1', '1.5', '0x10', ' 8080', '1e3', '', '99999999999999999999'])('no port: "%s"', (port) => {
    expect(() => read(['port'], { port })).toThrow(VpcflowError);
  });

  test.each(['0,1', '1;2', '1,,2', '70000', ','])('no list of ports: "%s"', (ports) => {
    expect(() => read(['servicePorts'], { 'service-ports': ports })).toThrow(VpcflowError);
  });

  test('is what is typed for an engine that does not run; the environment is for both', () => {
    const options = ['engine', 'retrieval', 'kcl', 'javaHeap'] as const;
    const onlyWith = [{ option: 'engine', value: 'kcl', options: ['retrieval', 'javaHeap'] }] as const;
    const read = (given: Given, environment: Record<string, string> = {}) =>
      readOptions({ options, required: [], onlyWith }, given, environment);
    expect(problemOf(() => read({ retrieval: 'polling', 'java-heap': '512' })).message).toBe(
      '--retrieval is an option of --engine kcl; --java-heap is an option of --engine kcl',
    );
    expect(read({}, { VPCFLOW_RETRIEVAL: 'fanout' }).retrieval).toBe('fanout');
    expect(read({ retrieval: 'fanout' }, { VPCFLOW_ENGINE: 'kcl' }).retrieval).toBe('fanout');
  });

  test('is what is typed without the option that it goes with, once; any value of that one will do', () => {
    const options = ['queue', 'untilEmpty', 'statsd', 'statsdTags'] as const;
    const onlyWith = [
      { option: 'queue', options: ['untilEmpty', 'statsdTags'] },
      { option: 'statsd', options: ['statsdTags'] },
    ] as const;
    const read = (given: Given, environment: Record<string, string> = {}) =>
      readOptions({ options, required: [], onlyWith }, given, environment);
    expect(problemOf(() => read({ 'until-empty': true, 'statsd-tags': 'a:b' })).message).toBe(
      '--until-empty is an option of --queue; --statsd-tags is an option of --queue',
    );
    expect(problemOf(() => read({ queue: 'q', 'statsd-tags': 'a:b' })).message).toBe(
      '--statsd-tags is an option of --statsd',
    );
    expect(read({ 'until-empty': true }, { VPCFLOW_QUEUE: 'q' }).untilEmpty).toBe(true);
    expect(read({}, { VPCFLOW_UNTIL_EMPTY: '1' }).untilEmpty).toBe(true);
  });

  test('is what is typed after another operand than its own', () => {
    const command = {
      name: 'formats',
      options: ['regions', 'dryRun'],
      required: [],
      onlyWith: [{ operand: 'discover', options: ['regions', 'dryRun'] }],
    } as const;
    const read = (given: Given, operand: string, environment: Record<string, string> = {}) =>
      readOptions(command, given, environment, [operand]);
    expect(problemOf(() => read({ regions: 'eu-west-1', 'dry-run': true }, 'check')).message).toBe(
      '--regions is an option of formats discover; --dry-run is an option of formats discover',
    );
    expect(read({ regions: 'eu-west-1' }, 'discover').regions).toEqual(['eu-west-1']);
    expect(read({}, 'check', { VPCFLOW_REGIONS: 'eu-west-1' }).regions).toEqual(['eu-west-1']);
  });

  test('is an account that is none, or a region that is none', () => {
    const given = (more: Given) => read(['accounts', 'regions'], more);
    expect(given({ accounts: '123456789012, 000000000001' }).accounts).toEqual(['123456789012', '000000000001']);
    expect(given({ regions: 'eu-west-1,us-gov-west-1,ap-southeast-7' }).regions).toHaveLength(3);
    for (const accounts of ['12345', '1234-5678-9012', '']) {
      expect(() => given({ accounts })).toThrow(/--accounts needs account ids of twelve digits/);
    }
    expect(() => given({ regions: 'eu-west-1/,EU' })).toThrow(/--regions needs regions such as eu-west-1/);
  });

  test('is a name of a worker that cannot be told from another', () => {
    for (const name of ['', ' ', 'a ', 'a\nb', 'ä'.repeat(129)])
      expect(problemOf(() => read(['workerId'], { 'worker-id': name })).message).toMatch(
        /^--worker-id needs a name of/,
      );
    for (const name of ['a', 'host 1', 'ä'.repeat(128)])
      expect(read(['workerId'], { 'worker-id': name }).workerId).toBe(name);
  });
});

test.each([
  ['grouping', 'group', 'adress', 'did you mean address?'],
  ['grouping', 'group', 'cidr33', 'see --help'],
  ['rowsFormat', 'format', 'parkuet', 'did you mean parquet?'],
  ['rowsFormat', 'format', 'xml', 'see --help'],
] as const)('of %s, --%s %s is nearest to something or not', (key, name, given, help) => {
  const { message, help: said } = problemOf(() => read([key], { [name]: given }));
  expect(message).toMatch(new RegExp(`^--${name} must be one of .*, not "${given}"$`));
  expect(said).toBe(help);
});

describe('the table', () => {
  test('names each environment variable after its option', () => {
    expect(environmentName('service-ports')).toBe('VPCFLOW_SERVICE_PORTS');
    expect(environmentName('store')).toBe('VPCFLOW_STORE');
  });

  test.each(Object.entries(OPTIONS))('%s accepts its own default', (_key, option) => {
    if (option.defaultText === '') return expect([null, false, [], {}]).toContainEqual(option.default);
    expect(option.parse(option.defaultText)).toEqual({ value: option.default });
  });
});
