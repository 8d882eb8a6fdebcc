// Turns networks in CIDR notation into a question: does an address lie in one of them?
import { BlockList, isIP } from 'node:net';
import { parseIPv6 } from '../../pipeline/address/address.ts';
import { VpcflowError } from '../../schemas/errors.ts';

/** `option` names where they were given. Throws VF_USAGE that names every one that is none. */
export function networkList(networks: readonly string[], option: string): (address: string) => boolean {
  const list = new BlockList();
  const wrong: string[] = [];
  for (const network of networks) {
    const [address, bits, ...rest] = network.split('/');
    const family = isIP(address);
    const longest = family === 4 ? 32 : 128;
    const isNetwork = family !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= longest;
    if (!isNetwork || hasHostBits(address, Number(bits))) wrong.push(network);
    else list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
  if (wrong.length > 0) {
    const help =
      'give networks such as 10.0.0.0/8 or fd00::/8, separated by commas, without bits of an address in them';
    throw new VpcflowError('VF_USAGE', `--${option}: ${wrong.join(', ')} is no network`, { help });
  }
  return (address) => {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Whether an address goes on behind the prefix of a network: `10.0.0.1/8` may be meant as `/32`, or as `10.0.0.0/8`. */
function hasHostBits(address: string, bits: number): boolean {
  const groups = new Uint16Array(8);
  const text = Buffer.from(address);
  if (address.includes(':')) parseIPv6(text, 0, text.length, groups);
  else {
    const [a, b, c, d] = address.split('.').map(Number);
    groups.set([a * 256 + b, c * 256 + d]);
  }
  return groups.some((group, i) => (group & (0xffff >> Math.min(16, Math.max(0, bits - 16 * i)))) !== 0);
}

/** An IPv4 address as itself, where a socket of IPv6 has it mapped (`::ffff:10.0.0.1`); without a zone. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
