// Turns the byte of a hexadecimal digit into its value.

/** The value of an ASCII hexadecimal digit in either case, or -1. */
export const hexDigit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
};
