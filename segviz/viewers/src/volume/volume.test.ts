import { describe, expect, test } from 'vitest'
import { AXIAL, SAGITTAL } from '../geometry'
import { layout } from './layout'
import { between, dragged, presets, reading, windowed } from './windows'

describe('layout', () => {
  test('the axial plane is the largest, whether the window is wide or tall', () => {
    for (const [width, height] of [[1200, 600], [500, 900]] as const) {
      const tiles = layout(width, height, [180, 220, 180], null)
      const areas = tiles.map(({ position: [, , w, h] }) => w * h)
      expect(tiles.map(({ sliceType }) => sliceType)).toEqual([AXIAL, SAGITTAL, 1])
      expect(Math.max(...areas)).toBe(areas[0])
      expect(areas.reduce((sum, area) => sum + area)).toBeLessThanOrEqual(1)
    }
  })

  test('one plane takes the whole window', () => {
    expect(layout(1200, 600, [1, 1, 1], SAGITTAL)).toEqual([{ sliceType: SAGITTAL, position: [0, 0, 1, 1] }])
  })
})

describe('window and level', () => {
  const values = Float32Array.from({ length: 1001 }, (_, i) => i)

  test('CT has absolute presets', () => {
    const found = Object.fromEntries(presets('CT', null, values).map(({ name, window }) => [name, window]))
    expect(found['Soft tissue']).toEqual([-160, 240])
    expect(found['Lung']).toEqual([-1350, 150])
  })

  test('MR has parts of its own range only', () => {
    const found = Object.fromEntries(presets('MR', [3, 900], values).map(({ name, window }) => [name, window]))
    expect(found['Auto']).toEqual([3, 900])
    expect(found['Full range']).toEqual([0, 1000])
    expect(found['Lung']).toBeUndefined()
  })

  test('a part is left off at both ends', () => {
    expect(between(values, 0.01)).toEqual([10, 990])
  })

  test('values that are no numbers or all alike still give a window', () => {
    expect(presets('', null, Float32Array.of(NaN, NaN))[0]?.window).toEqual([0, 1])
    expect(presets('', null, Float32Array.of(5, 5, 5))[0]?.window).toEqual([5, 6])
  })

  test('grey levels are opaque, black below and white above; no number is black', () => {
    const levels = new Uint32Array(5)
    windowed(Float32Array.of(-9, 10, 15.1, 99, NaN), [10, 20], levels)
    expect([...new Uint8Array(levels.buffer)].filter((_, i) => i % 4 === 0)).toEqual([0, 0, 130, 255, 0])
    expect(levels.every((level) => level >>> 24 === 255)).toBe(true)
  })

  test('to the right is wider, upwards is a higher level', () => {
    expect(dragged([0, 100], 10, 0, 1)).toEqual([-5, 105])
    expect(dragged([0, 100], 0, -10, 1)).toEqual([10, 110])
  })

  test('HU for CT, plain numbers else', () => {
    expect(reading(-412, 'CT')).toBe('-412 HU')
    expect(reading(0.123456, 'MR')).toBe('0.1235')
  })
})
