// What `vpcflow mirror --help` and `vpcflow mirror <action> --help` say of each action.
import type { ActionHelp } from '../shared/command.ts';

export const MIRROR_ACTIONS: readonly ActionHelp[] = [
  {
    name: 'run',
    summary: 'the consumer: findings and launches on a Kinesis stream become sessions',
    help:
      'Reads GuardDuty findings and EC2 states that EventBridge puts on the Kinesis stream --stream, and makes their ' +
      'sessions by the rules of --config; once a minute it ends those that have expired, asks again for what waits, and ' +
      'removes targets that it made and nobody uses. Ends on SIGTERM or SIGINT after the calls of the running plan, their ' +
      'audit and the checkpoint; exit status 0.',
  },
  {
    name: 'backfill',
    summary: 'sessions for the instances that run already',
    help:
      'Sessions for the instances that run already, by the rules of --config (enable: existing): prints what it will do and ' +
      'what that costs, and does it, 200 instances at a time; run again it goes on where it was interrupted.',
  },
  {
    name: 'plan',
    operands: 'WHAT...',
    summary: 'what would become of a finding or an instance, and what it would cost',
    help:
      'What would become of a finding (WHAT is a file: the event, or its detail) or of an instance (WHAT is its id) by the ' +
      'rules of --config: which rule, which sessions, what they cost an hour. Changes nothing, whatever the mode. Written ' +
      'as table or json.',
  },
  {
    name: 'sessions',
    summary: 'which packets there are, of what and when, and why there are none',
    help:
      'Which packets there are, of what and when, as the audit tells it, and why there are none. With --config (or ' +
      'VPCFLOW_CONFIG in the environment) EC2 is asked too, with the credentials that are there: stderr names sessions that ' +
      'it no longer has, and those that are not ours.',
  },
  {
    name: 'release',
    operands: '[ID...]',
    summary: 'ends sessions that we made',
    help:
      'Ends sessions that we made, and no others: give session IDs, or --finding and --interface, or --all. The session of a ' +
      'finding is made again only when the finding is updated. Exit status 1: an ID is no session of ours, or EC2 refused; ' +
      'that --finding, --interface or --all has no session is no failure.',
  },
];
