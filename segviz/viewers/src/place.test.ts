import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { caseOf, Memory, read, written, type Place } from './place'

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

describe('the place of a viewer', () => {
  const page = { search: '?case=c1&visit=v1', hash: '' }
  const kept = new Map<string, string>()

  beforeEach(() => {
    vi.useFakeTimers()
    kept.clear()
    page.search = '?case=c1&visit=v1'
    vi.stubGlobal('window', globalThis)
    vi.stubGlobal('location', page)
    vi.stubGlobal('history', { state: null, replaceState: (_state: unknown, _title: string, address: string) => void (page.search = address) })
    vi.stubGlobal('sessionStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text) })
  })

  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  test('is found again when the page comes back without it; an address says more', () => {
    const memory = new Memory(OWNER, () => true)
    memory.keep({ at: [1, 2], zoom: 3 })
    memory.keep({ tool: 'brush' })
    vi.runAllTimers()
    expect(page.search).toBe('?case=c1&visit=v1&at=1,2&zoom=3&tool=brush')
    page.search = '?case=c1'
    expect(new Memory(OWNER, () => true).recall()).toEqual({ at: [1, 2], zoom: 3, tool: 'brush' })
    page.search = '?case=c1&at=8,9'
    expect(new Memory(OWNER, () => true).recall()).toEqual({ at: [8, 9], zoom: 3, tool: 'brush' })
  })

  test('of a viewer that was not opened yet takes nothing out of a link', () => {
    page.search = '?case=c1&visit=v1&at=4,5,6'
    const memory = new Memory(OWNER, () => true)
    memory.again()
    vi.runAllTimers()
    expect(page.search).toBe('?case=c1&visit=v1&at=4,5,6')
    expect(memory.asked()).toEqual({ at: [4, 5, 6] })
  })

  test('leaves the address alone while its viewer waits off the page', () => {
    let shown = true
    const memory = new Memory(OWNER, () => shown)
    memory.keep({ at: [1, 2] })
    shown = false
    vi.runAllTimers()
    expect([page.search, kept.size]).toEqual(['?case=c1&visit=v1', 0])
    shown = true
    memory.again()
    vi.runAllTimers()
    expect(page.search).toBe('?case=c1&visit=v1&at=1,2')
  })
})
