import { describe, expect, test } from 'vitest'
import { AXIAL, CORONAL, SAGITTAL, type Vec3 } from '../geometry'
import { coloured, sliceOf, viewOf } from './flat'
import { measured, parse } from './nifti'

/** A file as nibabel writes it: 2 x 3 x 2 voxels of 1 x 2 x 4 mm. */
function file(datatype: number, Type: typeof Int16Array | typeof Float32Array | typeof Uint8Array | typeof Uint16Array, slope = NaN): ArrayBuffer {
  const buffer = new ArrayBuffer(352 + 12 * Type.BYTES_PER_ELEMENT)
  const header = new DataView(buffer)
  header.setInt32(0, 348, true)
  ;[3, 2, 3, 2].forEach((size, at) => header.setInt16(40 + 2 * at, size, true))
  header.setInt16(70, datatype, true)
  ;[1, 1, 2, 4].forEach((size, at) => header.setFloat32(76 + 4 * at, size, true))
  header.setFloat32(108, 352, true)
  header.setFloat32(112, slope, true)
  header.setFloat32(116, 10, true)
  ;[1, 0, 0, -7, 0, 2, 0, -8, 0, 0, 4, -9].forEach((value, at) => header.setFloat32(280 + 4 * at, value, true))
  new Type(buffer, 352).set(Array.from({ length: 12 }, (_, i) => i))
  return buffer
}

describe('the packed volume', () => {
  test.each([[2, Uint8Array], [4, Int16Array], [16, Float32Array], [512, Uint16Array]] as const)('type %i', (datatype, Type) => {
    const scan = parse(file(datatype, Type))
    expect(scan.raw).toBeInstanceOf(Type)
    expect([...scan.raw]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect([scan.shape, scan.spacing, scan.slope, scan.inter]).toEqual([[2, 3, 2], [1, 2, 4], 1, 0])
    expect(scan.affine).toEqual([[1, 0, 0, -7], [0, 2, 0, -8], [0, 0, 4, -9], [0, 0, 0, 1]])
  })

  test('slope and intercept make measured values', () => {
    const { raw, slope, inter } = parse(file(4, Int16Array, 2))
    expect([...Array.from(measured(raw, slope, inter))].slice(0, 3)).toEqual([10, 12, 14])
  })

  test('what is no such file, or half of one, is told', () => {
    expect(() => parse(new ArrayBuffer(40))).toThrow('NIfTI')
    expect(() => parse(file(64, Int16Array))).toThrow('type of numbers')
    expect(() => parse(file(4, Int16Array).slice(0, 360))).toThrow('as a whole')
  })
})

describe('slices', () => {
  const cells = Uint8Array.from({ length: 12 }, (_, i) => i)
  const shape: Vec3 = [2, 3, 2]

  test('each plane cuts its own way', () => {
    expect([...sliceOf(cells, shape, AXIAL, 1)]).toEqual([6, 7, 8, 9, 10, 11])
    expect([...sliceOf(cells, shape, CORONAL, 2)]).toEqual([4, 5, 10, 11])
    expect([...sliceOf(cells, shape, SAGITTAL, 1)]).toEqual([1, 3, 5, 7, 9, 11])
  })

  test('a rim around each label, stronger than its inside; hidden labels are clear', () => {
    const labels = Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 2, 0, 0, 0, 0, 0])
    const colors = new Uint32Array(256)
    colors[1] = 0xff0000ff
    const pixels = new Uint32Array(25)
    coloured(labels, [5, 5], colors, [0.2, 1], pixels)
    const alphas = Array.from(pixels, (pixel) => pixel >>> 24)
    expect(alphas).toEqual([0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 255, 51, 255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0])
    expect(pixels[6]).toBe(0xff0000ff)
  })
})

describe('where planes stand', () => {
  const scan = { shape: [100, 50, 20] as Vec3, spacing: [1, 1, 2] as Vec3 }
  const tile = { sliceType: AXIAL, position: [0, 0, 0.5, 1] as [number, number, number, number] } as const

  test('the right side of the patient is at the left where it is radiological', () => {
    const view = viewOf(tile, [400, 300], scan, [49.5, 24.5, 9.5], 1, true)
    expect(view).toEqual({ plane: AXIAL, left: 0, top: 0, width: 200, height: 300, across: [99.5, -0.5], down: [99.5, -50.5] })
    expect(viewOf(tile, [400, 300], scan, [49.5, 24.5, 9.5], 1, false).across).toEqual([-0.5, 99.5])
  })

  test('the nose is at the left of the sagittal plane whatever the side', () => {
    const sagittal = { sliceType: SAGITTAL, position: [0, 0, 1, 1] as [number, number, number, number] } as const
    for (const radiological of [true, false]) {
      const { across, down } = viewOf(sagittal, [100, 100], scan, [0, 24.5, 9.5], 2, radiological)
      expect(across).toEqual([37, 12])
      expect(down).toEqual([15.75, 3.25])
    }
  })
})
