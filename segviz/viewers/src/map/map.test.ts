import { describe, expect, test } from 'vitest'
import { channels, composites, tileQuery } from './bands'
import { lonLatText, nativeText, northTurn, scaleBar, toLonLat, toNative } from './coordinates'
import { firstAt, spansOf } from './marks'
import { indices, unfiltered } from './paletted'
import { boxOfTile, cellsIn, isInside, Revisions } from './pixels'
import { paramsOf, shapeOf, type Shape } from './shapes'
import { edges, pixelOf } from './tiles'
import { put } from './whole'

describe('the view', () => {
  test('its cells are whole and inside the scene', () => {
    expect(cellsIn([2.4, -30.2, 18.1, -9.7], [100, 50])).toEqual([9, 31, 2, 19])
    expect(cellsIn([-40, -500, 500, 40], [100, 50])).toEqual([0, 100, 0, 50])
  })
})

describe('coordinates', () => {
  test('the affine takes column and row to x and y', () => {
    expect(toNative([10, 0, 500000, 0, -10, 5200000], [3, 2])).toEqual([500030, 5199980])
  })

  test('UTM to longitude and latitude', () => {
    // Oracle: pyproj 3.7, EPSG:32633 to EPSG:4326.
    const lonLat = toLonLat('+proj=utm +zone=33 +datum=WGS84 +units=m')([430000, 5200000])
    expect(lonLat?.[0]).toBeCloseTo(14.08011523869555, 8)
    expect(lonLat?.[1]).toBeCloseTo(46.949833848218084, 8)
  })

  test('without a CRS there is none, and a wrong one does not break the map', () => {
    expect(toLonLat('')([0, 0])).toBeNull()
    expect(toLonLat('+proj=nonsense')([0, 0])).toBeNull()
  })

  test('six decimals, the letter carries the sign', () => {
    expect(lonLatText([-3.5, 47.25])).toBe('47.250000° N 3.500000° W')
    expect(nativeText([500030, 5199980.04], false)).toBe('500030.0, 5199980.0')
  })

  test.each([
    ['north up', [10, 0, 0, 0, -10, 0], 0],
    ['a quarter turn', [0, 10, 0, 10, 0, 0], 90],
    ['south up', [-10, 0, 0, 0, 10, 0], 180],
  ] as const)('the arrow of a scene with %s', (_name, affine, turn) => {
    expect(Math.abs(northTurn(affine))).toBeCloseTo(turn, 9)
  })

  test('the scale bar is a round length that fits', () => {
    expect(scaleBar(10, 1)).toEqual({ width: 100, text: '1 km' })
    expect(scaleBar(0.8, 1)).toEqual({ width: 125, text: '100 m' })
    expect(scaleBar(null, 4)).toEqual({ width: 125, text: '500 pixels' })
  })
})

describe('tiles', () => {
  test('a tile of the lowest zoom holds the whole scene', () => {
    expect(boxOfTile(0, 0, 0, 3)).toEqual([0, 4096, 0, 4096])
    expect(boxOfTile(3, 1, 2, 3)).toEqual([1024, 1536, 512, 1024])
  })

  test('only tiles that an edit touched get a new address', () => {
    const revisions = new Revisions(4, 1)
    revisions.changed([0, 10, 500, 513], 5)
    expect([revisions.of(1, 0, 0), revisions.of(1, 1, 0), revisions.of(1, 0, 1), revisions.of(0, 0, 0)]).toEqual([5, 5, 4, 5])
    revisions.reset(9)
    expect(revisions.of(1, 0, 1)).toBe(9)
  })

  test('pixels of the scene', () => {
    expect(isInside([0, 0], [2, 3])).toBe(true)
    expect(isInside([3, 0], [2, 3])).toBe(false)
    expect(isInside([0, -0.1], [2, 3])).toBe(false)
  })
})

describe('bands', () => {
  test('Sentinel-2 by its numbers', () => {
    const found = composites(['B2', 'B3', 'B4', 'B8'], [2, 1, 0])
    expect(found).toEqual([{ name: 'True colour', bands: [2, 1, 0] }, { name: 'Colour infrared', bands: [3, 2, 1] }])
  })

  test('B-numbers without B8 could be any sensor: only what the server says is natural', () => {
    expect(composites(['B1', 'B2', 'B3', 'B4'], [2, 1, 0])).toEqual([{ name: 'Natural', bands: [2, 1, 0] }])
  })

  test('one band is grey', () => {
    expect(composites(['elevation'], [0, 0, 0])).toEqual([{ name: 'Grey', bands: [0, 0, 0] }])
  })

  test('the stretch goes along only where all bands have one', () => {
    const stretch = { B2: [0, 1500], B3: [10, 1800] } as const
    expect(tileQuery([1, 0, 0], ['B2', 'B3'], { B2: [0, 1500], B3: [10, 1800] })).toBe('bands=1,0,0&stretch=10:1800,0:1500,0:1500')
    expect(tileQuery([2, 1, 0], ['B2', 'B3', 'B4'], { ...stretch, B2: [0, 1] })).toBe('bands=2,1,0')
  })
})

describe('labels of a tile', () => {
  /** [[0, 1, 2, 3], [9, 9, 200, 255], [9, 8, 7, 6]] as Pillow 11 writes it; all labels have one palette. */
  const PNG =
    'iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAMAAACDKl70AAADAFBMVEUAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoOEhYaHiImKi4yNjo+QkZKTlJWWl5iZmpucnZ6foKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr/AwcLDxMXGx8jJysvMzc7P0NHS09TV1tfY2drb3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vv8/f7/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2BhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp+goaKjpKWmp6ipqqusra6vsLGys7S1tre4ubq7vL2+v8DBwsPExcbHyMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v/2UN+3AAABAHRSTlMA////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////Cpf0PAAAABdJREFUeAFjYGBkYmbg5Dzxn4GTg50NAAywAf5zVEE9AAAAAElFTkSuQmCC'

  test('are the numbers in the file, whatever their colours', async () => {
    const { width, cells } = await indices(Uint8Array.from(atob(PNG), (letter) => letter.charCodeAt(0)).buffer)
    expect([width, ...cells]).toEqual([4, 0, 1, 2, 3, 9, 9, 200, 255, 9, 8, 7, 6])
  })

  test('every filter of PNG is taken off', () => {
    // By hand, two columns a row: none, sub, up, average, Paeth.
    const lines = Uint8Array.of(0, 10, 20, 1, 5, 5, 2, 1, 255, 3, 10, 1, 4, 2, 3)
    expect([...unfiltered(lines, 2)]).toEqual([10, 20, 5, 10, 6, 9, 13, 12, 15, 18])
  })

  test('a picture that is no mask is refused', async () => {
    await expect(indices(new ArrayBuffer(60))).rejects.toThrow('did not arrive as a mask')
  })

  test('only what lies in the scene is copied', () => {
    const mask = new Uint8Array(2 * 514)
    put(new Uint8Array(512 * 512).fill(7), mask, [2, 514], 512, 0)
    expect([mask[511], mask[512], mask[513], mask[514], mask[1027]]).toEqual([0, 7, 7, 0, 7])
  })

  test('edges are cells beside another colour, not the border of the tile', () => {
    const red = pixelOf('#ff0000')
    expect(red).toBe(0xff0000ff)
    const kept = edges(Uint32Array.of(red, red, red, 0, red, red, red, 0, red, red, red, 0), 4)
    expect([...kept].map((pixel) => (pixel ? 1 : 0))).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0])
  })
})

describe('what a tool would change', () => {
  test('runs are cut where a row ends', () => {
    expect(spansOf([{ start: 3, length: 4, label: 2 }, { start: 11, length: 1, label: 1 }], 5)).toEqual([
      { row: 0, from: 3, to: 5, label: 2 },
      { row: 1, from: 0, to: 2, label: 2 },
      { row: 2, from: 1, to: 2, label: 1 },
    ])
  })

  test('the first one of a row is found', () => {
    const spans = [0, 0, 2, 2, 5].map((row) => ({ row, from: 0, to: 1, label: 1 }))
    expect([-3, 0, 1, 2, 3, 5, 6].map((row) => firstAt(spans, row))).toEqual([0, 0, 2, 2, 4, 4, 5])
  })
})

describe('shapes', () => {
  test.each<Shape>([
    { tool: 'brush', label: 2, points: [[1, 2.5], [3, 4]], radius: 6 },
    { tool: 'lasso', label: 0, points: [[1, 2], [3, 4], [5, 1]], radius: 0 },
  ])('a $tool that waits is drawn again as it was', (shape) => {
    expect(shapeOf(shape.tool, JSON.parse(JSON.stringify(paramsOf(shape))))).toEqual(shape)
  })

  test('other tools have no shape to draw', () => {
    expect(shapeOf('smooth', { label: 1, radius_m: 30 })).toBeNull()
    expect(shapeOf('polygon', { label: 1, geojson: '{}' })).toBeNull()
  })
})

describe('channels', () => {
  test('each band, and the indices that the bands allow', () => {
    expect(channels(['B2', 'B3', 'B4', 'B8']).slice(3)).toEqual([
      { name: 'B8', channel: 3 },
      { name: 'NDVI', channel: [3, 2] },
      { name: 'NDWI', channel: [1, 3] },
    ])
    expect(channels([''])).toEqual([{ name: 'Band 1', channel: 0 }])
  })
})
