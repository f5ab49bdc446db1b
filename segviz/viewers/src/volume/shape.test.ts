import { describe, expect, test } from 'vitest'
import { AXIAL, CORONAL, flatIndex, type Vec3 } from '../geometry'
import { decode } from '../runs'
import { ANYWHERE } from '../where'
import { Painter } from './painter'
import type { Picture } from './picture'
import { Shape } from './shape'
import { inWindow, proposed, sliceOf, usual } from './slices'

const shape: Vec3 = [6, 5, 4]

function picture(raw = new Int16Array(6 * 5 * 4)): Picture {
  const scan = { raw, slope: 2, inter: -1 }
  return { shape, spacing: [1, 1, 1], scan, mask: new Uint8Array(raw.length), refreshMask: () => undefined } as never
}

const at = (x: number, y: number, z: number) => flatIndex([x, y, z], shape)
const cells = (runs: Uint8Array) => decode(runs).flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i))
const dot = { plane: AXIAL, radiusMm: 0.5 } as const
const disc = { plane: AXIAL, radiusMm: 1 } as const

globalThis.requestAnimationFrame = () => 0

describe('a stroke', () => {
  test('counts what it changes, at once', () => {
    const painter = new Painter(picture())
    painter.begin(3, ANYWHERE, disc, [2, 2, 1])
    painter.extend([3, 2, 1])
    expect([painter.counts[3], painter.counts[0]]).toEqual([8, 112])
    const { runs, changed } = painter.end()
    expect(changed).toBe(8)
    expect(cells(runs)).toEqual([at(2, 1, 1), at(3, 1, 1), at(1, 2, 1), at(2, 2, 1), at(3, 2, 1), at(4, 2, 1), at(2, 3, 1), at(3, 3, 1)])
  })

  test('keeps to locks, labels and values, and says what was kept', () => {
    const raw = new Int16Array(120).fill(5)
    raw[at(2, 1, 1)] = 6
    const drawn = picture(raw)
    drawn.mask[at(1, 2, 1)] = 2
    const painter = new Painter(drawn)
    painter.begin(1, { ...ANYWHERE, locked: [2], window: [9, 10] }, disc, [2, 2, 1])
    const { runs, changed, kept } = painter.end()
    expect(cells(runs)).toEqual([at(2, 2, 1), at(3, 2, 1), at(2, 3, 1)])
    expect([changed, kept]).toEqual([3, 2])
  })

  test('carries cells that have the label already, and is none where all have', () => {
    const drawn = picture()
    drawn.mask[at(2, 2, 1)] = 1
    const painter = new Painter(drawn)
    painter.begin(1, ANYWHERE, dot, [2, 2, 1])
    expect(painter.end()).toMatchObject({ changed: 0, kept: 0 })
    painter.begin(1, ANYWHERE, disc, [2, 2, 1])
    const { runs, changed } = painter.end()
    expect([cells(runs).length, changed]).toEqual([5, 4])
  })

  test('goes back where a second finger comes', () => {
    const drawn = picture()
    drawn.mask[at(2, 2, 1)] = 7
    const before = drawn.mask.slice()
    const painter = new Painter(drawn)
    painter.begin(1, ANYWHERE, { ...disc, ball: true }, [2, 2, 1])
    expect(painter.counts[1]).toBe(7)
    painter.cancel()
    expect(drawn.mask).toEqual(before)
    expect([painter.counts[1], painter.counts[7], painter.painting]).toEqual([0, 1, false])
  })

  test('stays on top of what comes from elsewhere, which is there when it goes back', () => {
    const drawn = picture()
    const painter = new Painter(drawn)
    painter.begin(1, ANYWHERE, dot, [2, 2, 1])
    painter.under(() => drawn.mask.fill(4, at(0, 2, 1), at(5, 2, 1)))
    expect(drawn.mask[at(2, 2, 1)]).toBe(1)
    painter.cancel()
    expect([...drawn.mask.subarray(at(0, 2, 1), at(5, 2, 1))]).toEqual([4, 4, 4, 4, 4])
    expect(painter.counts[4]).toBe(5)
  })

  test('a polygon is cut out of several slices with label 0', () => {
    const drawn = picture()
    drawn.mask.fill(2)
    const corners: Vec3[] = [[0.5, 3, -0.5], [3.5, 3, -0.5], [3.5, 3, 1.5], [0.5, 3, 1.5]]
    const { changed } = new Painter(drawn).polygon(0, ANYWHERE, CORONAL, corners, [2, 3])
    expect(changed).toBe(12)
    expect([1, 2, 3].map((y) => drawn.mask[at(1, y, 0)])).toEqual([2, 0, 0])
  })
})

describe('a shape', () => {
  test('stays in the slice of its first corner', () => {
    const drawn = new Shape()
    drawn.begin(AXIAL, [1.234, 2, 3], false)
    drawn.add([4, 5, 9])
    drawn.add([1, 5, 0])
    expect(drawn.close()).toEqual({ plane: AXIAL, cut: false, corners: [[1.23, 2, 3], [4, 5, 3], [1, 5, 3]] })
    expect(drawn.open).toBe(false)
  })

  test('is none with two corners, and gone without any', () => {
    const drawn = new Shape()
    drawn.begin(CORONAL, [1, 2, 3], true)
    expect([drawn.open, drawn.cut, drawn.plane]).toEqual([true, true, CORONAL])
    drawn.add([4, 2, 3])
    drawn.drop()
    drawn.drop()
    expect(drawn.open).toBe(false)
    expect(drawn.close()).toBeNull()
  })
})

describe('slices laid over the planes', () => {
  test('rows of the plane from its first voxel on', () => {
    expect([...sliceOf(shape, CORONAL, 3, (cell) => cell)].slice(5, 8)).toEqual([at(5, 3, 0), at(0, 3, 1), at(1, 3, 1)])
  })

  test('a proposal is clear where nothing changes', () => {
    const layer = proposed([{ start: at(1, 1, 1), length: 2, label: 9 }], shape, () => '#ff0000')
    const slice = layer.slice(AXIAL, 1)
    expect([...slice].flatMap((color, i) => (color ? [i] : []))).toEqual([7, 8])
    expect(slice[7]! & 0xffffff).toBe(0x0000ff)
    expect(layer.slice(AXIAL, 0).some(Boolean)).toBe(false)
  })

  test('a window has both its ends', () => {
    const raw = Int16Array.from({ length: 120 }, (_, i) => i)
    const scan = { raw, slope: 2, inter: -1, shape, spacing: [1, 1, 1] as Vec3, affine: [] }
    expect([...inWindow(scan, [5, 9]).slice(AXIAL, 0)].flatMap((color, i) => (color ? [i] : []))).toEqual([3, 4, 5])
  })
})

test('the usual values of a label leave off both ends', () => {
  const raw = Int16Array.from({ length: 120 }, (_, i) => i)
  const mask = new Uint8Array(120).fill(1, 10, 31)
  const scan = { raw, slope: 2, inter: -1, shape, spacing: [1, 1, 1] as Vec3, affine: [] }
  expect(usual(scan, mask, 1)).toEqual([21, 57])
  expect(usual(scan, mask, 2)).toBeNull()
})
