import { describe, expect, test } from 'vitest'
import { composites, tileQuery } from './bands'
import { lonLatText, nativeText, northTurn, scaleBar, toLonLat, toNative } from './coordinates'
import { boxOfTile, cellsIn, isInside, Revisions } from './pixels'

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
