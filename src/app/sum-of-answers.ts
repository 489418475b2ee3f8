/** The sum of what workers answered. */
export function sumOf(answers: readonly { readonly answer: number }[]): number {
  return answers.reduce((sum, { answer }) => sum + answer, 0);
}

/** How many answers several workers forgot; `away`: those that gateways share are still there. */
export function forgottenBy(answers: readonly { readonly answer: number | 'away' }[]): number | 'away' {
  let count = 0;
  for (const { answer } of answers) {
    if (answer === 'away') return 'away';
    count += answer;
  }
  return count;
}
