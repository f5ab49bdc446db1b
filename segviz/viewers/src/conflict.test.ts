import { expect, test } from 'vitest'
import { summary } from './conflict'
import { told } from './preview'

test('a conflict says how much and what waits', () => {
  expect(summary({ cells: 1234, operations: [] }, 2)).toBe(
    '1,234 cells that you changed are different by now. Your last 2 edits wait until you choose.',
  )
  expect(summary({ cells: 0, operations: [] }, 1)).toBe('Your last edit waits until you choose.')
})

test('a proposal says by how much, or why nothing would change', () => {
  const proposal = { runs: '', count: 7, amount: 3.24, unit: 'ml', title: '', note: '' }
  expect(told(proposal)).toBe('+3.24 ml')
  expect(told({ ...proposal, amount: -12.34, note: 'It touches the border.' })).toBe('−12.3 ml · It touches the border.')
  expect(told({ ...proposal, amount: 0 })).toBe('±0 ml')
  expect(told({ ...proposal, count: 0, note: 'All of it is locked.' })).toBe('All of it is locked.')
  expect(told({ ...proposal, count: 0 })).toBe('Nothing would change.')
})
