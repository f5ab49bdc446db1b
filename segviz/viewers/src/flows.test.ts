import { expect, test } from 'vitest'
import { same } from './flows'

test('a flow is one by its visits and labels', () => {
  const flow = { a: 'x', b: 'y', from: 1, to: 2 }
  expect(same(flow, { ...flow })).toBe(true)
  expect(same(flow, { ...flow, to: 3 })).toBe(false)
  expect(same(flow, { ...flow, b: 'z' })).toBe(false)
  expect(same(flow, null)).toBe(false)
})
