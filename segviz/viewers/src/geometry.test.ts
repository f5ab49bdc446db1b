import { describe, expect, test } from 'vitest'
import { AXIAL, CORONAL, flatIndex, fromScreen, middleOfLabel, polygonCells, position, SAGITTAL, strokeCells, toMm, toScreen, type PlaneView, type Vec3 } from './geometry'

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

describe('a ball', () => {
  const ball = (spacing: Vec3, radiusMm: number, from = middle, to = from) =>
    strokeCells({ shape, spacing, plane: AXIAL, radiusMm, ball: true }, from, to)

  test.each([[1, 7], [2, 33], [3, 123], [5, 515], [10, 4169]])('of %i mm on a 1 mm grid has %i voxels', (radiusMm, count) => {
    expect(ball([1, 1, 1], radiusMm)).toHaveLength(count)
  })

  test('is one in mm: 5607 voxels, thin along the thick slices', () => {
    const [columns, slice] = [61, 61 * 61]
    const cells = strokeCells({ shape: [61, 61, 61], spacing: [0.5, 0.5, 3], plane: CORONAL, radiusMm: 10, ball: true }, [30, 30, 30], [30, 30, 30])
    expect(cells).toHaveLength(5607)
    expect(new Set(cells.map((cell) => Math.floor(cell / slice) - 30))).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]))
    expect(Math.max(...cells.map((cell) => (cell % columns) - 30))).toBe(20)
  })

  test('of a stroke holds the balls of both ends and what lies between', () => {
    const cells = new Set(ball([1, 1, 1], 3, [10, 20, 20], [14, 20, 20]))
    for (const x of [10, 11, 12, 13, 14]) for (const cell of ball([1, 1, 1], 3, [x, 20, 20])) expect(cells).toContain(cell)
    expect(cells.size).toBe(123 + 4 * 29)
  })

  test('its middle slice is the disc', () => {
    const disc = strokeCells({ shape, spacing: [1, 2, 3], plane: AXIAL, radiusMm: 7 }, middle, [25, 18, 20])
    const slice = ball([1, 2, 3], 7, middle, [25, 18, 20]).filter((cell) => Math.floor(cell / (41 * 41)) === 20)
    expect(slice).toEqual(disc)
  })
})

describe('polygonCells', () => {
  const box = (x0: number, y0: number, x1: number, y1: number): Vec3[] => [[x0, y0, 5], [x1, y0, 5], [x1, y1, 5], [x0, y1, 5]]

  test('voxels whose centre lies inside', () => {
    expect(polygonCells(shape, AXIAL, box(1.5, 2.5, 4.5, 4.5))).toEqual(
      [3, 4].flatMap((y) => [2, 3, 4].map((x) => flatIndex([x, y, 5], shape))),
    )
  })

  test('two that share an edge share no voxel and leave none out', () => {
    const [left, right, both] = [box(2, 2, 6, 9), box(6, 2, 11, 9), box(2, 2, 11, 9)].map((corners) => polygonCells(shape, AXIAL, corners))
    expect([...left!, ...right!].sort((a, b) => a - b)).toEqual(both)
  })

  test('a crossed part is outside', () => {
    const star: Vec3[] = [0, 2, 4, 1, 3].map((at) => [20 + 10 * Math.sin((at * 2 * Math.PI) / 5), 20 + 10 * Math.cos((at * 2 * Math.PI) / 5), 5])
    expect(polygonCells(shape, AXIAL, star)).not.toContain(flatIndex([20, 20, 5], shape))
  })

  test('nothing outside the volume, nothing of a line', () => {
    expect(polygonCells(shape, AXIAL, box(-9, -9, 60, 60))).toHaveLength(41 * 41)
    expect(polygonCells(shape, AXIAL, box(1, 1, 5, 5).slice(0, 2))).toEqual([])
  })

  test('in other planes the rows run up', () => {
    const corners: Vec3[] = [[3, 7, 1.5], [3, 8.5, 1.5], [3, 8.5, 3.5], [3, 7, 3.5]]
    expect(polygonCells(shape, SAGITTAL, corners)).toEqual([2, 3].flatMap((z) => [7, 8].map((y) => flatIndex([3, y, z], shape))))
  })
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
