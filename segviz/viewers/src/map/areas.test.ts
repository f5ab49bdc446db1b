import MultiPolygon from 'ol/geom/MultiPolygon'
import { expect, test } from 'vitest'
import { featureOf } from './areas'

test('an area with a hole lies on the map as on the grid', () => {
  const outer = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]] as [number, number][]
  const hole = [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]] as [number, number][]
  const shape = featureOf({ name: 'Plot', parts: [[outer, hole]] }).getGeometry() as MultiPolygon
  expect(shape.getArea()).toBe(15)
  expect(shape.getExtent().join(' ')).toBe('0 -4 4 0')
})
