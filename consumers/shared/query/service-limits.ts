// Turns the options of a command into the limits of its query service.
import type { Options } from '../options.ts';
import { defaultCacheDirectory, type QueryServiceOptions } from './service.ts';

const MIB = 1024 ** 2;

export const serviceLimits = ({
  memoryLimit,
  cacheDir,
  cacheSize,
}: Pick<Options, 'memoryLimit' | 'cacheDir' | 'cacheSize'>): Required<
  Pick<QueryServiceOptions, 'memoryLimit' | 'cacheDirectory' | 'cacheSize'>
> => ({
  memoryLimit: memoryLimit * MIB,
  cacheSize: cacheSize * MIB,
  cacheDirectory: cacheDir ?? defaultCacheDirectory(),
});
