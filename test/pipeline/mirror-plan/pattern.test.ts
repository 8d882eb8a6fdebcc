// Patterns of finding types: an asterisk is any text, everything else is itself.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesPattern } from '../../../pipeline/mirror-plan/pattern.ts';

test.each([
  ['UnauthorizedAccess:EC2/SSHBruteForce', 'UnauthorizedAccess:EC2/SSHBruteForce', true],
  ['UnauthorizedAccess:*', 'UnauthorizedAccess:EC2/SSHBruteForce', true],
  ['*:EC2/*', 'Recon:EC2/Portscan', true],
  ['*BruteForce', 'UnauthorizedAccess:EC2/SSHBruteForce', true],
  ['*', '', true],
  ['**:EC2/**', 'Recon:EC2/Portscan', true],
  ['Rec*con:EC2/Portscan', 'Recon:EC2/Portscan', false],
  ['*scan*scan', 'Recon:EC2/Portscan', false],
  ['Recon:EC2/Port', 'Recon:EC2/Portscan', false],
  ['Recon.EC2/Portscan', 'Recon:EC2/Portscan', false],
  ['Recon:EC2/Portscan|x', 'x', false],
  ['recon:*', 'Recon:EC2/Portscan', false],
  ['Backdoor:EC2/C&CActivity.B!DNS', 'Backdoor:EC2/C&CActivity.B!DNS', true],
])('%s and %s: %s', (pattern, type, matches) => expect(matchesPattern(pattern, type)).toBe(matches));

test('a text is a pattern of itself, whatever is in it', () => {
  fc.assert(fc.property(fc.string(), (text) => matchesPattern(text, text)));
});
