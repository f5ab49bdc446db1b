import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Conflict, State } from './api'
import { EditQueue, redoable, undoOf, withoutSteps, type Choice, type Edit, type Kind, type Saving, type Server } from './queue'
import type { Unsent } from './unsent'

const stored = new Map<string, string>()
const held = new Set<string>()
const answers: (() => Response)[] = []
const asked: { url: string; base: number }[] = []

beforeEach(() => {
  vi.useFakeTimers()
  stored.clear()
  held.clear()
  answers.length = 0
  asked.length = 0
  vi.stubGlobal('localStorage', {
    get length() {
      return stored.size
    },
    key: (at: number) => [...stored.keys()][at] ?? null,
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  })
  vi.stubGlobal('navigator', { locks: { request: lock } })
  vi.stubGlobal('fetch', async () => answers.shift()!())
})
afterEach(() => vi.useRealTimers())

/** navigator.locks as far as it is used. */
async function lock(name: string, ...rest: unknown[]): Promise<void> {
  const work = rest.at(-1) as (lock: object | null) => unknown
  if (held.has(name)) return void work(null)
  held.add(name)
  try {
    await work({})
  } finally {
    held.delete(name)
  }
}

function stateAt(revision: number): State {
  return { revision, generation: 0, saved: '2024-01-01T00:00:00Z', source: '', can_undo: true, can_redo: false, labels: [], box: null, runs: null, reload: false, probability: null }
}

const ok = (revision: number) => () => Response.json(stateAt(revision))
const no = (status: number, message = '') => () => Response.json({ error: { code: 'SV-EDIT-001', message } }, { status })
const offline = () => {
  throw new TypeError('Failed to fetch')
}

function serve({ onServer = () => 0, choice = 'mine' }: { onServer?: () => number; choice?: Choice } = {}) {
  const reports: Saving[] = []
  const acknowledged: Edit[] = []
  const conflicts: Conflict[] = []
  const refused: string[] = []
  const told: string[] = []
  const own: Unsent[] = []
  const server: Server = {
    request: (edit, base) => {
      asked.push({ url: edit.payload, base })
      return { url: '/edits', init: {} }
    },
    acknowledge: (edit) => void acknowledged.push(edit),
    reload: async () => stateAt(onServer()),
    choose: async (conflict) => (conflicts.push(conflict), choice),
    union: (edit) => (edit.payload === 'covered' ? null : { ...edit, payload: `${edit.payload} where free` }),
    ownLayer: async (unsent) => void own.push(structuredClone(unsent)),
    report: (saving) => void reports.push(saving),
    tell: (message) => void told.push(message),
    refused: (sentences) => void refused.splice(0, Infinity, ...sentences),
  }
  const queue = new EditQueue(server, 'layer')
  return { queue, reports, acknowledged, conflicts, refused, told, own }
}

const kept = () => [...stored.values()].join()

test('edits go one by one, each on the revision of the answer before', async () => {
  const { queue, acknowledged, reports } = serve()
  answers.push(ok(1), ok(2), ok(3))
  for (const name of ['a', 'b', 'c']) queue.add('stroke', 'brush', name)
  await vi.runAllTimersAsync()
  expect(asked).toEqual([{ url: 'a', base: 0 }, { url: 'b', base: 1 }, { url: 'c', base: 2 }])
  expect(acknowledged).toHaveLength(3)
  expect(reports.at(-1)).toEqual({ state: 'saved', when: new Date('2024-01-01T00:00:00Z') })
})

test('a lost connection keeps the edit, says so and tries again', async () => {
  const { queue, reports, acknowledged } = serve()
  answers.push(offline, no(500), ok(1))
  queue.add('stroke', 'brush', 'a')
  await vi.advanceTimersByTimeAsync(10)
  expect(reports.at(-1)?.state).toBe('waiting')
  expect(kept()).toContain('"a"')
  await vi.runAllTimersAsync()
  expect(asked).toHaveLength(3)
  expect(acknowledged.map(({ uuid }) => uuid)).toHaveLength(1)
  expect(stored.size).toBe(0)
})

const somebody: Conflict = { cells: 12, operations: [{ title: 'Brush', author: 'Dr B', when: '2024-01-01T00:00:00Z' }] }
const conflict = () => Response.json({ error: { code: 'SV-EDIT-030', message: '' }, conflict: somebody }, { status: 409 })

describe('a conflict is told, and', () => {
  test('mine goes on top of the newest revision', async () => {
    const { queue, conflicts } = serve({ onServer: () => 7 })
    answers.push(conflict, ok(8), ok(9))
    queue.add('stroke', 'brush', 'a')
    queue.add('stroke', 'brush', 'b')
    await vi.runAllTimersAsync()
    expect(conflicts).toEqual([somebody])
    expect(asked).toEqual([{ url: 'a', base: 0 }, { url: 'a', base: 7 }, { url: 'b', base: 8 }])
    expect(queue.revision).toBe(9)
  })

  test('theirs drops all that waits', async () => {
    const { queue, reports, acknowledged } = serve({ onServer: () => 7, choice: 'theirs' })
    answers.push(conflict)
    queue.add('stroke', 'brush', 'a')
    queue.add('stroke', 'brush', 'b')
    await vi.runAllTimersAsync()
    expect([queue.pending, acknowledged, stored.size]).toEqual([[], [], 0])
    expect(queue.revision).toBe(7)
    expect(reports.at(-1)?.state).toBe('saved')
  })

  test('both sends what adds where nothing is marked', async () => {
    const { queue } = serve({ onServer: () => 7, choice: 'union' })
    answers.push(conflict, ok(8))
    queue.add('stroke', 'brush', 'covered')
    queue.add('stroke', 'brush', 'b')
    await vi.runAllTimersAsync()
    expect(asked.slice(1)).toEqual([{ url: 'b where free', base: 7 }])
  })

  test('an own layer gets the edits and the revision that they were made on', async () => {
    const { queue, own } = serve({ onServer: () => 7, choice: 'own' })
    queue.revision = 3
    answers.push(conflict)
    queue.add('stroke', 'brush', 'a')
    await vi.runAllTimersAsync()
    expect(own).toMatchObject([{ base: 3, edits: [{ payload: 'a' }] }])
    expect(queue.pending).toEqual([])
    expect(queue.revision).toBe(7)
  })

  test('nothing is sent before something is chosen', async () => {
    const { queue, reports } = serve()
    vi.spyOn(queue['server'], 'choose').mockReturnValue(new Promise(() => undefined))
    answers.push(conflict)
    queue.add('stroke', 'brush', 'a')
    await vi.runAllTimersAsync()
    expect(asked).toHaveLength(1)
    expect(kept()).toContain('"a"')
    expect(reports.at(-1)).toEqual({ state: 'conflict' })
  })
})

test('an undo is not carried out on work of somebody else', async () => {
  const { queue } = serve({ onServer: () => 7 })
  answers.push(no(409))
  queue.add('undo', 'undo')
  await vi.runAllTimersAsync()
  expect(asked).toHaveLength(1)
  expect(queue.pending).toHaveLength(0)
})

test('what the server refuses is told and kept for the record, and an undo of it goes too', async () => {
  const { queue, reports, refused } = serve()
  answers.push(no(400, 'This label is not in the legend.'))
  queue.add('stroke', 'brush', 'a')
  queue.add('undo', 'undo')
  await vi.runAllTimersAsync()
  expect(reports).toContainEqual({ state: 'refused', why: 'This label is not in the legend.' })
  expect(refused).toEqual(['brush: This label is not in the legend.'])
  expect(asked).toHaveLength(1)
  expect(queue.pending).toHaveLength(0)
})

test('a server that fails on a tool is asked a few times, on a stroke until it works', async () => {
  const { queue, refused, told, acknowledged } = serve()
  answers.push(...Array.from({ length: 5 }, () => no(500)), ...Array.from({ length: 9 }, () => no(500)), ok(1))
  queue.add('tool', 'smooth', 'a')
  queue.add('stroke', 'brush', 'b')
  await vi.runAllTimersAsync()
  expect(refused).toEqual([])
  expect(told).toEqual(['The server answered 500 .'])
  expect(acknowledged.map(({ payload }) => payload)).toEqual(['b'])
  expect(asked).toHaveLength(15)
})

const left = { base: 5, edits: [{ uuid: 'u', kind: 'stroke', tool: 'brush', payload: 'old' }] }

test('edits of a page that is gone are sent first, on the mask that they were made on', async () => {
  stored.set('segviz:edits:layer:gone', JSON.stringify(left))
  const { queue, acknowledged } = serve()
  queue.revision = 9
  expect(await queue.recover()).toBe(1)
  expect([...stored.keys()]).not.toContain('segviz:edits:layer:gone')
  expect(kept()).toContain('old')
  answers.push(ok(10))
  await queue.run()
  expect(asked).toEqual([{ url: 'old', base: 5 }])
  expect(acknowledged[0]?.uuid).toBe('u')
  expect(stored.size).toBe(0)
})

test('edits of a page that is still open, or of another layer, are left to it', async () => {
  stored.set('segviz:edits:layer:open', JSON.stringify(left))
  stored.set('segviz:edits:other:gone', JSON.stringify(left))
  held.add('segviz:edits:layer:open')
  const { queue } = serve()
  expect(await queue.recover()).toBe(0)
  expect(stored.size).toBe(2)
})

test('the revision follows a reload only where nothing waits', () => {
  const { queue } = serve()
  queue.loaded(stateAt(4))
  expect(queue.revision).toBe(4)
  queue.add('stroke', 'brush', 'a')
  queue.loaded(stateAt(6))
  expect(queue.revision).toBe(4)
})

describe('steps among pending edits', () => {
  const edits = (...kinds: Kind[]) => kinds.map((kind, at): Edit => ({ uuid: String(at), kind, tool: '', payload: '' }))
  const left = (...kinds: Kind[]) => withoutSteps(edits(...kinds)).map(({ uuid }) => Number(uuid))

  test('are carried out among themselves', () => {
    expect(left('stroke', 'undo', 'stroke')).toEqual([2])
    expect(left('stroke', 'tool', 'undo', 'undo', 'redo')).toEqual([0])
    expect(left('undo', 'stroke', 'jump')).toEqual([1])
  })

  test('there is something to redo only after an undo', () => {
    expect(redoable(edits('undo'), false)).toBe(true)
    expect(redoable(edits('undo', 'redo'), false)).toBe(false)
    expect(redoable(edits(), true)).toBe(true)
    expect(redoable(edits('stroke'), true)).toBe(false)
  })

  test('the undo of the first is found', () => {
    expect(undoOf(edits('stroke', 'stroke', 'undo', 'undo'))?.uuid).toBe('3')
    expect(undoOf(edits('stroke', 'stroke', 'undo'))).toBeUndefined()
  })
})
