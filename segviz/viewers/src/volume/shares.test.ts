import { describe, expect, test } from 'vitest'
import { AXIAL, CORONAL, SAGITTAL, voxelMl } from '../geometry'
import { color, leastByte, redraw, Tail, uncertainSlice, uncertainty } from './shares'

const bytes = Uint8Array.from([0, 50, 51, 127, 128, 254, 255, 255])
const painted = [
  { start: 0, length: 1, label: 1 },
  { start: 6, length: 1, label: 0 },
  { start: 7, length: 1, label: 2 },
]

describe('a threshold', () => {
  test.each([[0.001, 1], [0.2, 51], [0.5, 128], [0.99, 252]])('%d is reached from byte %d on', (threshold, byte) => {
    expect(leastByte(threshold)).toBe(byte)
  })

  test('counts what it draws, whatever hands have painted', () => {
    const tail = new Tail(bytes, painted, 1)
    for (let percent = 1; percent < 100; percent++) {
      const mask = new Uint8Array(bytes.length)
      redraw(mask, bytes, percent / 100, 1, painted)
      expect(tail.count(percent / 100)).toBe(mask.filter((label) => label === 1).length)
    }
  })

  test('leaves painted voxels alone', () => {
    const mask = new Uint8Array(bytes.length)
    redraw(mask, bytes, 0.2, 1, painted)
    expect([...mask]).toEqual([1, 0, 1, 1, 1, 1, 0, 2])
  })
})

describe('uncertainty', () => {
  test('is whole where the probability is one half, none where it is 0 or 1', () => {
    expect([0, 255].map(uncertainty)).toEqual([0, 0])
    expect(uncertainty(127)).toBeCloseTo(0.996, 3)
    expect(uncertainty(64)).toBeCloseTo(uncertainty(191), 6)
  })

  test('grows brighter and more opaque; what is certain is clear', () => {
    expect(color(0)).toEqual([0, 0, 0, 0])
    const shades = [0.05, 0.25, 0.5, 0.75, 1].map(color)
    const light = shades.map(([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b)
    expect(light).toEqual([...light].sort((a, b) => a - b))
    expect(shades.at(-1)!.slice(0, 3)).toEqual([240, 228, 66])
    expect(shades.map(([, , , opacity]) => opacity)).toEqual(shades.map(([, , , opacity]) => opacity).sort())
  })

  test('a slice holds the voxels of its plane', () => {
    const volume = new Uint8Array(2 * 3 * 4)
    volume[1 + 2 * (2 + 3 * 3)] = 128
    const full = uncertainSlice(Uint8Array.of(128), [1, 1, 1], AXIAL, 0)[0]
    const at = (plane: 0 | 1 | 2, index: number) => uncertainSlice(volume, [2, 3, 4], plane, index).indexOf(full!)
    expect([at(AXIAL, 3), at(CORONAL, 2), at(SAGITTAL, 1)]).toEqual([1 + 2 * 2, 1 + 2 * 3, 2 + 3 * 3])
    expect([at(AXIAL, 2), at(CORONAL, 1), at(SAGITTAL, 0)]).toEqual([-1, -1, -1])
  })
})

test('a voxel is the determinant of its affine, also where axes lean', () => {
  expect(voxelMl([[0, 2, 1, 5], [-1, 0, 0, 0], [0, 0, 6.5, 3], [0, 0, 0, 1]])).toBeCloseTo(0.013, 12)
})
