// A call that is not permitted names what to allow; any other refusal is EC2's sentence.
import { expect, test } from 'vitest';
import { refusalText } from '../../../pipeline/mirror-plan/permission.ts';

test.each([
  ['create-session', 'UnauthorizedOperation', 'No.', 'ec2:CreateTrafficMirrorSession is not permitted, allow it (No.)'],
  ['set-tags', 'AccessDenied', 'No.', 'ec2:CreateTags is not permitted, allow it (No.)'],
  ['run-instance', 'RequestLimitExceeded', 'Slower.', 'Slower.'],
  ['delete-session', 'ExpiredToken', 'Too late.', 'Too late.'],
  [
    ...([
      'create-session',
      'UnauthorizedOperation',
      'not authorized to perform: ec2:CreateTags on resource: *',
    ] as const),
    'ec2:CreateTags is not permitted, allow it (not authorized to perform: ec2:CreateTags on resource: *)',
  ],
] as const)('%s %s %s', (kind, code, message, said) => {
  expect(refusalText(kind, { code, message })).toBe(said);
});
