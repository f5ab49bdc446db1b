import { expect, test } from 'vitest'
import { summary } from './conflict'

test('a conflict says how much and what waits', () => {
  expect(summary({ cells: 1234, operations: [] }, 2)).toBe(
    '1,234 cells that you changed are different by now. Your last 2 edits wait until you choose.',
  )
  expect(summary({ cells: 0, operations: [] }, 1)).toBe('Your last edit waits until you choose.')
})
