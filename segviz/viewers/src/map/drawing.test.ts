import { describe, expect, test } from 'vitest'
import { Drawing, type Pen } from './drawing'

const BRUSH: Pen = { tool: 'brush', label: 2, radius: 4, color: '#112233' }
const LASSO: Pen = { tool: 'lasso', label: 1, radius: 0, color: '#112233' }

function drawing(): { drawing: Drawing; seen: string[] } {
  const seen: string[] = []
  const say = (what: string) => (points: readonly unknown[]) => void seen.push(`${what} ${points.length}`)
  return { seen, drawing: new Drawing({ stroke: say('stroke'), outline: say('outline'), clear: () => void seen.push('clear') }) }
}

describe('a stroke', () => {
  test('keeps points that lie a quarter of the radius apart, to a hundredth of a pixel', () => {
    const { drawing: hand, seen } = drawing()
    hand.begin(BRUSH, [1.234, 2])
    hand.extend([1.9, 2], 0)
    hand.extend([3, 2], 0)
    expect(hand.end()).toEqual({ tool: 'brush', label: 2, radius: 4, points: [[1.23, 2], [3, 2]] })
    expect(seen).toEqual(['stroke 1', 'stroke 2'])
    expect(hand.end()).toBeNull()
  })

  test('goes on when another tool is taken meanwhile', () => {
    const { drawing: hand } = drawing()
    hand.begin(BRUSH, [5, 5])
    hand.cancel()
    hand.extend([9, 5], 1)
    expect(hand.end()?.points).toEqual([[5, 5], [9, 5]])
  })

  test('is none when it was dropped for moving the map', () => {
    const { drawing: hand, seen } = drawing()
    hand.begin(BRUSH, [5, 5])
    hand.drop()
    hand.extend([9, 5], 1)
    expect([hand.end(), seen]).toEqual([null, ['stroke 1', 'clear']])
  })

  test('a touch alone is a stroke, and no area', () => {
    const { drawing: hand } = drawing()
    hand.begin(BRUSH, [5, 5])
    expect(hand.end()?.points).toEqual([[5, 5]])
    hand.begin(LASSO, [5, 5])
    hand.extend([9, 5], 1)
    expect(hand.end()).toBeNull()
  })
})

describe('corners', () => {
  test('the first one again closes the polygon', () => {
    const { drawing: hand } = drawing()
    const pen: Pen = { ...LASSO, tool: 'polygon', label: 0 }
    const met = ([[0, 0], [10, 0], [10, 1], [10, 10], [1, 1]] as const).map((at) => hand.corner(pen, at, 3))
    expect(met).toEqual([false, false, false, false, true])
    expect(hand.close()).toEqual({ tool: 'polygon', label: 0, radius: 0, points: [[0, 0], [10, 0], [10, 10]] })
    expect(hand.hasCorners).toBe(false)
  })

  test('taking back the last one gives the polygon up', () => {
    const { drawing: hand, seen } = drawing()
    hand.corner(LASSO, [0, 0], 1)
    hand.pointTo([4, 4])
    hand.dropCorner()
    expect([hand.hasCorners, seen]).toEqual([false, ['outline 2', 'clear']])
  })
})
