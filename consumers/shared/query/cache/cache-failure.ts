// Turns what the file system says about the cache into VF_CACHE, with what to do about it.
import { VpcflowError } from '../../../../schemas/errors.ts';
import { failureReason, systemCode } from '../../store/failure.ts';

export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '');

export function cacheFailure(directory: string, cause: unknown): VpcflowError {
  if (cause instanceof VpcflowError) return cause;
  const help = isFull(cause)
    ? 'free some space or give a --cache-dir on another disk; all of the cache that no question reads is removed already'
    : 'give a --cache-dir that only this user may write to, on a file system with hard links';
  return new VpcflowError('VF_CACHE', `objects cannot be kept in ${directory}: ${failureReason(cause)}`, {
    cause,
    help,
  });
}
