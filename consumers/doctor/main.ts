// `vpcflow doctor`: what is configured, reachable and permitted, line by line, and what to fix.
import type { Run } from '../shared/command.ts';
import { examine } from './examine.ts';
import { doctorJson, doctorTable, isHealthy } from './report.ts';

/** For how long one call is waited for; a healthy service answers in a fraction of it. */
const LIMIT = 10_000; // ms

export const run: Run = async ({ options, stdout, clock, signal }) => {
  const findings = await examine({ options, environment: process.env, clock, signal, limit: LIMIT });
  if (signal.aborted) return 1; // what was cut short says nothing about a service
  stdout.write(options.doctorFormat === 'json' ? doctorJson(findings) : doctorTable(findings));
  return isHealthy(findings) ? 0 : 1;
};
