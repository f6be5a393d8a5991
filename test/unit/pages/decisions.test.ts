import { describe, expect, test } from 'vitest';
import {
  checkMentions,
  checkRecords,
  recordsOf,
} from '../../../scripts/architecture/check-decisions.mjs';

const PAGE = `# Decisions

Words before the first.

## 7. Commits are made in groups

2026-11-22, changed 2026-11-25 · \`store/session.ts\`

They are dear.

Would change it: cheap ones.

## 9. It is learnt

2026-11-22 · \`earth-engine/\`

From replies.

Would change it: a service that tells.
`;
const TABLE = `| 7 | [Commits are made in groups](DECISIONS.md#7-commits-are-made-in-groups) |
| 9 | [It is learnt](DECISIONS.md#9-it-is-learnt) |
`;

const problemsOf = (page: string, table = TABLE) => checkRecords(recordsOf(page), table);

describe('the check of decisions (npm run check runs it over the pages and all texts)', () => {
  test('takes records with a day, a last line, a number of their own and a line in the table', () => {
    expect(problemsOf(PAGE)).toEqual([]);
    expect(recordsOf(PAGE).map(({ number }) => number)).toEqual([7, 9]);
  });

  test.each([
    ['a number that is there already', PAGE.replace('## 9.', '## 7.'), /a number above 7/],
    ['no day', PAGE.replace('2026-11-22 · ', ''), /decision 9: expected a day/],
    ['no files', PAGE.replace(' · `earth-engine/`', ''), /decision 9: expected a day/],
    [
      'no word of what would change it',
      PAGE.replace(/Would.*tells\./, ''),
      /decision 9: expected a l/,
    ],
    [
      'another title than in the table',
      PAGE.replace('learnt', 'known'),
      /\[It is known\]\(DECISIONS/,
    ],
  ])('refuses %s', (_, page, problem) => {
    expect(problemsOf(page).join('\n')).toMatch(problem);
  });

  test('refuses a line of the table without a record', () => {
    const row = '| 10 | [Gone](DECISIONS.md#10-gone) |\n';
    expect(problemsOf(PAGE, TABLE + row)).toEqual([
      'ARCHITECTURE.md has 3 decisions, DECISIONS.md 2',
    ]);
  });

  test('refuses a text that speaks of a decision which is not there', () => {
    const records = recordsOf(PAGE);
    expect(checkMentions('a.ts', 'see decision 7, and decisions 7 and 9', records)).toEqual([]);
    expect(checkMentions('a.ts', 'Decisions 7 and 8', records)).toEqual([
      'a.ts: speaks of decision 8, which is not in DECISIONS.md',
    ]);
  });
});
