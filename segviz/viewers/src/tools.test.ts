import { describe, expect, test } from 'vitest'
import { inverse, isTool, toolOf, TOOLS, toolsOf } from './tools'
import { ANYWHERE, changeable, windowOf } from './where'

describe.each(['volume', 'map'] as const)('the tools of a %s', (world) => {
  test('stand once in the table, each with a name of its own', () => {
    const rows = toolsOf(world)
    for (const of of ['name', 'title', 'icon'] as const) expect(new Set(rows.map((row) => row[of])).size).toBe(rows.length)
  })

  test('name each option once', () => {
    for (const { fields } of toolsOf(world)) {
      const params = (fields?.(world === 'volume' ? 'mm' : 'm') ?? []).map(({ param }) => param)
      expect(new Set(params).size).toBe(params.length)
    }
  })
})

test('lengths and sizes are named by their unit', () => {
  const params = (name: 'margin' | 'small', unit: 'mm' | 'm' | 'cells') => toolOf('map', name).fields!(unit).map(({ param }) => param)
  expect(params('margin', 'mm')).toContain('distance_mm')
  expect(params('margin', 'm')).toContain('distance_m')
  expect((['mm', 'm', 'cells'] as const).map((unit) => params('small', unit)[1])).toEqual(['size_ml', 'area_ha', 'size_cells'])
})

test('a tool of the other world is none', () => {
  expect(() => toolOf('map', 'between')).toThrow(RangeError)
  expect([isTool('between'), isTool('undo')]).toEqual([true, false])
})

test('Ctrl turns brush and eraser and leaves the others', () => {
  expect(TOOLS.map(({ name }) => inverse(inverse(name)))).toEqual(TOOLS.map(({ name }) => name))
  expect([inverse('brush'), inverse('lasso')]).toEqual(['eraser', 'lasso'])
})

describe('limits', () => {
  const may = (where: Partial<typeof ANYWHERE>, after: number) =>
    [...changeable({ ...ANYWHERE, ...where }, after)].flatMap((yes, label) => (yes && label < 5 ? [label] : []))

  test('none: every label may change', () => expect(may({}, 2)).toEqual([0, 1, 2, 3, 4]))
  test('one label alone, or all but one', () => {
    expect(may({ only: 0 }, 2)).toEqual([0])
    expect(may({ outside: 3 }, 2)).toEqual([0, 1, 2, 4])
    expect(may({ only: 3, outside: 3 }, 2)).toEqual([])
  })
  test('nothing is taken from a locked label or added to it', () => {
    expect(may({ locked: [1, 3] }, 2)).toEqual([0, 2, 4])
    expect(may({ locked: [1, 3] }, 3)).toEqual([])
  })
  test('both: only where nothing is marked', () => expect(may({ union: true }, 2)).toEqual([0]))
  test('a window has 32-bit ends, in order', () => {
    expect(windowOf(0.3, 0.1)).toEqual([Math.fround(0.1), Math.fround(0.3)])
  })
})
