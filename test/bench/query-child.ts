// Answers one question about a directory store in a process of its own, and prints its seconds and peak memory as JSON.
import { graphQuestion } from '../../consumers/query/questions/graph-question.ts';
import { openQueryService } from '../../consumers/shared/query/service.ts';
import { DirectoryStore } from '../../consumers/shared/store/directory.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { DAY_WINDOW, graphOptions } from './query-questions.ts';

const service = await openQueryService({ store: new DirectoryStore(process.argv[2]), clock: new ManualClock() });
const { signal } = new AbortController();
const question = graphQuestion(graphOptions(DAY_WINDOW));
const started = performance.now();
const source = await service.window(question.window, question.tables, { signal });
let bytes = 0;
for await (const piece of question.answer(service, source, signal)) bytes += piece.length;
const seconds = (performance.now() - started) / 1000;
source.release();
await service.close();
process.stdout.write(JSON.stringify({ peak: process.resourceUsage().maxRSS / 1024, seconds, bytes }));
