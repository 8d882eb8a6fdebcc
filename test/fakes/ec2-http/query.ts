// Turns the body of a request in EC2's query format into its parameters: flat names, lists that count from 1.
import { Ec2Error } from './ec2-error.ts';

export interface GivenFilter {
  readonly name: string;
  readonly values: readonly string[];
}

export class Query {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;

  /** `Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1` */
  constructor(body: string) {
    const { Action = '', ...parameters } = Object.fromEntries(new URLSearchParams(body));
    this.action = Action;
    this.parameters = parameters;
  }

  text(name: string): string | undefined {
    return this.parameters[name];
  }

  required(name: string): string {
    const value = this.parameters[name];
    if (value === undefined || value === '')
      throw new Ec2Error('MissingParameter', `The request must contain the parameter ${name}`);
    return value;
  }

  /** A whole number within the bounds, or InvalidParameterValue. */
  number(name: string, least: number, most: number): number | undefined {
    const value = this.parameters[name];
    if (value === undefined) return undefined;
    if (/^-?\d+$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    throw new Ec2Error('InvalidParameterValue', `Value (${value}) for parameter ${name} is not ${least} to ${most}`);
  }

  /** `InstanceId` → the values of InstanceId.1, InstanceId.2 … */
  list(name: string): readonly string[] {
    return this.#count(name).map((i) => this.parameters[`${name}.${i}`] ?? '');
  }

  get filters(): readonly GivenFilter[] {
    return this.#count('Filter').map((i) => ({
      name: this.parameters[`Filter.${i}.Name`] ?? '',
      values: this.list(`Filter.${i}.Value`),
    }));
  }

  /** `Tag.1.Key`, `Tag.1.Value`, or those of the tag specification of a resource type. */
  tags(ofType?: string): ReadonlyMap<string, string | undefined> {
    const prefixes =
      ofType === undefined
        ? ['Tag']
        : this.#count('TagSpecification')
            .filter((i) => this.parameters[`TagSpecification.${i}.ResourceType`] === ofType)
            .map((i) => `TagSpecification.${i}.Tag`);
    return new Map(
      prefixes.flatMap((prefix) =>
        this.#count(prefix).map((i): [string, string | undefined] => [
          this.parameters[`${prefix}.${i}.Key`] ?? '',
          this.parameters[`${prefix}.${i}.Value`],
        ]),
      ),
    );
  }

  /** The numbers that a list's members have, in order. */
  #count(name: string): readonly number[] {
    const numbers = Object.keys(this.parameters)
      .filter((key) => key.startsWith(`${name}.`))
      .map((key) => Number(key.slice(name.length + 1).split('.')[0]));
    return [...new Set(numbers)].filter(Number.isInteger).toSorted((a, b) => a - b);
  }
}
