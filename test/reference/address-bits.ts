// Turns an address as the tests write it into its bits, for references that know nothing of the product's own.

/** The bits of any address that the tests write, one character each: 32 or 128. */
export function addressBits(address: string): string {
  const binary = (text: string, base: number, width: number) =>
    Number.parseInt(text, base).toString(2).padStart(width, '0');
  if (!address.includes(':'))
    return address
      .split('.')
      .map((part) => binary(part, 10, 8))
      .join('');
  const groups = (half: string) =>
    half
      .split(':')
      .filter(Boolean)
      .map((g) => (g.includes('.') ? addressBits(g) : binary(g, 16, 16)))
      .join('');
  const [head, tail] = address.split('::').map(groups);
  return tail === undefined ? head : head + '0'.repeat(128 - head.length - tail.length) + tail;
}
