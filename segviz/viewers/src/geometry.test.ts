import { describe, expect, test } from 'vitest'
import { AXIAL, CORONAL, distanceSquared, flatIndex, fromScreen, middleOfLabel, position, SAGITTAL, strokeCells, toMm, toScreen, type PlaneView, type Vec3 } from './geometry'

const shape: Vec3 = [41, 41, 41]
const middle: Vec3 = [20, 20, 20]

describe('strokeCells', () => {
  test.each([[1, 5], [2, 13], [3, 29], [5, 81], [10, 317]])('a disc of %i mm on a 1 mm grid has %i voxels', (radiusMm, count) => {
    expect(strokeCells({ shape, spacing: [1, 1, 1], plane: AXIAL, radiusMm }, middle, middle)).toHaveLength(count)
  })

  test('a radius below half a voxel still paints the voxel itself', () => {
    const cells = strokeCells({ shape, spacing: [4, 4, 4], plane: CORONAL, radiusMm: 0.5 }, middle, middle)
    expect(cells).toEqual([flatIndex(middle, shape)])
  })

  test('mm, not voxels, on a grid with unlike spacing', () => {
    const cells = strokeCells({ shape, spacing: [1, 1, 2], plane: SAGITTAL, radiusMm: 2 }, middle, middle)
    // Five voxels along y, and one on either side along z at 2 mm.
    expect(cells).toHaveLength(7)
  })

  test('a stroke has no gaps and stays in its slice', () => {
    const cells = strokeCells({ shape, spacing: [1, 1, 1], plane: AXIAL, radiusMm: 1 }, [5, 20, 7], [30, 20, 7])
    expect(cells).toHaveLength(26 * 3 + 2)
    expect(new Set(cells.map((cell) => Math.floor(cell / (41 * 41))))).toEqual(new Set([7]))
  })

  test('nothing outside the volume', () => {
    const cells = strokeCells({ shape, spacing: [1, 1, 1], plane: AXIAL, radiusMm: 1 }, [0, 0, 0], [0, 0, 0])
    expect(cells).toEqual([0, 1, 41])
  })
})

test('distance from a segment, beside it and beyond its end', () => {
  expect(distanceSquared([5, 3], [0, 0], [10, 0])).toBe(9)
  expect(distanceSquared([13, 4], [0, 0], [10, 0])).toBe(25)
})

test('the letter carries the sign', () => {
  expect(position([17.6, -35.3, 12.14])).toBe('R 17.6 P 35.3 S 12.1 mm')
  expect(position([-1, 0, -0.04])).toBe('L 1.0 A 0.0 I 0.0 mm')
})

test('mm of a voxel centre', () => {
  const affine = [[2, 0, 0, -10], [0, 0, 1, 5], [0, -3, 0, 0], [0, 0, 0, 1]]
  expect(toMm([1, 2, 3], affine)).toEqual([-8, 8, -6])
})

describe('a plane on the screen', () => {
  // Radiological axial: the right of the patient is at the left of the screen.
  const view: PlaneView = { plane: AXIAL, left: 100, top: 50, width: 80, height: 60, across: [39.5, -0.5], down: [29.5, -0.5] }

  test('toScreen and fromScreen undo each other', () => {
    const [x, y] = toScreen(view, [12, 7, 3])
    expect(fromScreen(view, x, y, [0, 0, 3])).toEqual([12, 7, 3])
  })

  test('the first voxel ends at the right and lower edge', () => {
    expect(toScreen(view, [-0.5, -0.5, 0])).toEqual([180, 110])
  })
})

test('the middle of a label lies on its largest axial slice', () => {
  const mask = new Uint8Array(5 * 5 * 3)
  mask[flatIndex([0, 0, 0], [5, 5, 3])] = 1
  for (const x of [1, 2, 3]) mask[flatIndex([x, 4, 2], [5, 5, 3])] = 1
  expect(middleOfLabel(mask, [5, 5, 3], 1)).toEqual([2, 4, 2])
  expect(middleOfLabel(mask, [5, 5, 3], 2)).toBeNull()
})
