// What `vpcflow mirror --help` says beside its options: what each action takes and does.
import type { Appendix } from '../shared/command.ts';

export const ACTION_HELP: Appendix = {
  title: 'Actions:',
  items: [
    {
      term: 'run --stream NAME|ARN --config FILE [--mode M] [--enable CAUSE,..]',
      help:
        'reads GuardDuty findings and EC2 states that EventBridge puts on a Kinesis stream, and makes their sessions; once a ' +
        'minute it ends those that have expired, asks again for what waits, and removes targets that it made and nobody uses. ' +
        'Ends on SIGTERM or SIGINT after the calls of the running plan, their audit and the checkpoint; exit status 0',
    },
    {
      term: 'backfill --config FILE [--dry-run]',
      help:
        'sessions for the instances that run already (enable: existing): prints what it will do and what that costs, and does ' +
        'it, 200 instances at a time; run again it goes on where it was interrupted',
    },
    {
      term: 'plan --config FILE WHAT... [--format table|json]',
      help:
        'what would become of a finding (a file: the event, or its detail) or of an instance (its id): which rule, which ' +
        'sessions, what they cost an hour; changes nothing, whatever the mode',
    },
    {
      term: 'sessions [--finding ID] [--interface ENI] [--instance ID] [--state S] [--start T] [--stop T]',
      help:
        'which packets there are, of what and when, as the audit tells it, and why there are none; with --config EC2 is asked ' +
        'too: stderr names sessions that it no longer has, and those that are not ours',
    },
    {
      term: 'release --config FILE ID... | --finding ID | --interface ENI | --all [--dry-run]',
      help: 'ends sessions that we made, and no others; that of a finding is made again only when the finding is updated',
    },
  ],
};
