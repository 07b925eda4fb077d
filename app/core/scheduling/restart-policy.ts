const DEATHS_THAT_END_IT = 3;
const WINDOW_MILLISECONDS = 5 * 60 * 1000;
const FIRST_DELAY_MILLISECONDS = 250;
const LONGEST_DELAY_MILLISECONDS = 8000;

/**
 * How long to wait before a process is started again after its latest death, in milliseconds; null after three deaths
 * in five minutes. `deathTimes` are in milliseconds of any one clock, the latest last.
 */
export function restartDelay(deathTimes: readonly number[]): number | null {
  const latest = deathTimes.at(-1);
  if (latest === undefined) return 0;
  const recent = deathTimes.filter((time) => latest - time < WINDOW_MILLISECONDS).length;
  if (recent >= DEATHS_THAT_END_IT) return null;
  return Math.min(FIRST_DELAY_MILLISECONDS * 2 ** (recent - 1), LONGEST_DELAY_MILLISECONDS);
}
