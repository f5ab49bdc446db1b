import { expect, test } from 'vitest'
import { onSlice, type Caliper } from './overlay'

const caliper = (slice: number): Caliper => ({ slice, from: [1, 2, slice], to: [4, 2, slice], text: '3.0 mm' })

test('diameters are drawn on their own slice alone', () => {
  const all = [caliper(3), caliper(5), caliper(5)]
  expect(onSlice(all, 5)).toEqual(all.slice(1))
  expect(onSlice(all, 4)).toEqual([])
})
