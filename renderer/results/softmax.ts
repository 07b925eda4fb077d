/** The softmax of one row of scores; stable for scores of any size. A row without a finite maximum becomes NaN. */
export function softmax(scores: ArrayLike<number>): Float64Array {
  const result = new Float64Array(scores.length);
  let maximum = -Infinity;
  for (let index = 0; index < scores.length; index++) maximum = Math.max(maximum, scores[index] ?? 0);
  let sum = 0;
  for (let index = 0; index < scores.length; index++) {
    const power = Math.exp((scores[index] ?? 0) - maximum);
    result[index] = power;
    sum += power;
  }
  for (let index = 0; index < result.length; index++) result[index] = (result[index] ?? 0) / sum;
  return result;
}

/** What a row of a classifier's output looks like: probabilities sum to one, logits have some outside of 0 to 1. */
export function rowKind(scores: ArrayLike<number>): 'probabilities' | 'logits' | 'scores' {
  let sum = 0;
  let minimum = Infinity;
  let maximum = -Infinity;
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index] ?? 0;
    sum += score;
    minimum = Math.min(minimum, score);
    maximum = Math.max(maximum, score);
  }
  if (!Number.isFinite(sum)) return 'scores';
  if (minimum >= 0 && maximum <= 1) return Math.abs(sum - 1) < 1e-2 ? 'probabilities' : 'scores';
  return 'logits';
}
