import { describe, expect, test } from 'vitest'
import { ago, atLast, firstStep, merged, type Operation } from './operations'

function steps(from: number, to: number): Operation[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    seq: 10 * (from + i), kind: 'edit', position: from + i, title: `Step ${from + i}`, author: 'reader', when: '2024-05-01T12:00:00+00:00', done: true,
  })) // prettier-ignore
}

describe('steps of a history', () => {
  test('earlier steps that were asked for stay before the newest', () => {
    const known = atLast(steps(1, 5), steps(6, 10))
    expect(known.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(merged(known, steps(7, 11)).map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test('a step after an undo takes the place of what could be redone', () => {
    expect(merged(steps(1, 10), steps(1, 5))).toEqual(steps(1, 5))
  })

  test('steps that do not join on leave a gap, so they are asked for again', () => {
    expect(merged(steps(1, 3), steps(6, 10))[0]?.position).toBe(6)
  })

  test('notes stand between steps and count for none', () => {
    const note: Operation = { seq: 25, kind: 'note', position: 0, title: 'Rebuilt', author: '', when: '2024-05-01T12:00:00+00:00', done: true }
    const known = [...steps(1, 2), note, ...steps(3, 4)]
    expect(firstStep([note, ...steps(3, 4)])?.position).toBe(3)
    expect(merged(known, steps(3, 5)).map(({ seq }) => seq)).toEqual([10, 20, 25, 30, 40, 50])
  })

  test('nothing is left where the history is empty', () => {
    expect(merged(steps(1, 3), [])).toEqual([])
  })

  test.each([[0.5, 'just now'], [40, '40 min ago'], [125, '2 h ago'], [1500, 'yesterday'], [3 * 1440, '3 days ago'], [30 * 1440, '1 Apr 2024']])(
    '%d minutes ago',
    (minutes, text) => {
      const now = new Date(2024, 4, 1, 12)
      expect(ago(new Date(now.getTime() - minutes * 60_000), now)).toBe(text)
    },
  )
})
