// Merges the sums that only transit gateways report, the four packets_lost_* fields, which most rows have no words for.
import { SUM_FIELDS } from '../../schemas/columns.ts';
import { type Flow, NULL } from '../flow.ts';
import { CORE_SUMS } from './row-layout.ts';
import { addTo, wouldOverflow } from './wide-words.ts';

/** Whether a flow has any value in them. */
export const hasLostPackets = ({ sums }: Flow): boolean => {
  for (let i = CORE_SUMS; i < SUM_FIELDS.length; i++) if (sums[i] !== NULL) return true;
  return false;
};

/** Merges all of them into the words from `first` on, or none (false) when a sum would overflow. */
export const mergeLostPackets = (words: Int32Array, first: number, sums: Float64Array): boolean => {
  for (let i = CORE_SUMS, word = first; i < sums.length; i++, word += 2) {
    if (wouldOverflow(words, word, sums[i])) return false;
  }
  for (let i = CORE_SUMS, word = first; i < sums.length; i++, word += 2) addTo(words, word, sums[i]);
  return true;
};
