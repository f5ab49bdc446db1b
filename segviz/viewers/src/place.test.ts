import { describe, expect, test } from 'vitest'
import { caseOf, read, written, type Place } from './place'

const OWNER = { case: 'c1', visit: 'v1' }

describe('the place in the address', () => {
  test('what was written is read again, and all else is kept', () => {
    const place: Place = { at: [12, 40.5, 7], zoom: 2.25, label: 3, tool: 'brush' }
    const mine = { ...OWNER, layer: 'l2' }
    const search = written('?case=c1&canvas=1&layer=l2', mine, place)
    expect(search).toBe('?case=c1&canvas=1&layer=l2&visit=v1&at=12,40.5,7&zoom=2.25&label=3&tool=brush')
    expect(read(search!, mine)).toEqual(place)
  })

  test('what is not known leaves the address', () => {
    expect(written('?case=c1&tool=brush&layer=v1&label=2', { ...OWNER, layer: 'v1' }, { at: [1, 2], label: 0 })).toBe('?case=c1&visit=v1&at=1,2')
  })

  test('an address about another visit or layer is neither read nor written', () => {
    expect(written('?case=c1&layer=l2', OWNER, { at: [1, 2] })).toBeNull()
    expect(written('?case=c1', { ...OWNER, layer: 'l2' }, { at: [1, 2] })).toBeNull()
    expect(read('?case=c1&visit=v1&layer=l2&at=1,2', OWNER)).toEqual({})
    expect(read('?case=c1&visit=v2&at=1,2', OWNER)).toEqual({})
    expect(read('?case=c2&at=1,2', OWNER)).toEqual({})
    expect(written('?case=c1&visit=v2', OWNER, { at: [1, 2] })).toBeNull()
  })

  test('nonsense is left out', () => {
    expect(read('?at=1,x&zoom=-2&label=1.5&tool=', OWNER)).toEqual({})
    expect(read('?at=3,4&zoom=NaN', OWNER)).toEqual({ at: [3, 4] })
  })

  test('the case of a route', () => {
    expect(caseOf('/sv/cases/c1/token')).toBe('c1')
  })
})
